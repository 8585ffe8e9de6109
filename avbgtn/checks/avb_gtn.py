"""Checks of the exercises of book/avb_gtn.ipynb."""

__all__ = []
