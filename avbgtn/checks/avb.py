"""Checks of the exercises of book/avb.ipynb."""

__all__ = []
