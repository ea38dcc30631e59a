"""The plug-in in GIMP's windows, photographed; run by hand: python -m tests.gimp.desktop SUITE FOLDER [LANGUAGE]."""
