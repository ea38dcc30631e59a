"""The plug-in for GIMP 2.10: a layer goes to the resident engine, and its people come back."""
