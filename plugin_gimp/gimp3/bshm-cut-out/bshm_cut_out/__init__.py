"""BSHM Cut Out for GIMP 3: layers go to the resident engine, and come back as masks, layers or a selection.

Python's standard library and GIMP's own modules alone. Modules that import nothing from `gi` can be used, and tested,
without GIMP: errors, places, connection, starting, cutting, waiting, selection. The others: layers, seeing, blending,
results, options, dialog, words, procedure.
"""
