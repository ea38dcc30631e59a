"""Bytes to a picture, and a result to bytes. Paths and files are the callers' business."""
