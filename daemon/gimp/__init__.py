"""The plug-ins in every GIMP of this user: where they go, put there, looked at, taken away."""
