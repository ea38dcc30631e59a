"""A picture -> the people in it, and which of them it is about."""
