"""BSHM's own graph under TensorFlow 1.15.5, which wants a Python of its own: a process of that, and who talks to it."""
