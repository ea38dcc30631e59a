#!/usr/bin/env python3
"""BSHM Cut Out for GIMP 3.0 and later: what GIMP starts. Everything else is in the package beside it."""

import sys

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from bshm_cut_out.procedure import BshmCutOut
from gi.repository import Gimp

Gimp.main(BshmCutOut.__gtype__, sys.argv)
