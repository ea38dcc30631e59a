"""Measurements, run by hand: `.venv/bin/python -m tests.bench`. They print tables and assert nothing."""
