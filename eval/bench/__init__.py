"""Measuring speed: `python -m eval.bench`, or `make bench`."""
