"""Measuring speed and quality. Not part of what a user runs."""

import rag as _rag  # before numpy: it says how many threads numpy may have, see rag/__init__.py

__all__: list[str] = []
del _rag
