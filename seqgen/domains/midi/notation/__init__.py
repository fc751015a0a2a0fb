"""Scores as notation: measures, voices and written values, and the files that hold them."""
