"""Brings pictures to the engine and its results to the disk: the `bshm` command, and later the hot folders.

Imports run one way: daemon imports engine, never the other way round.
"""
