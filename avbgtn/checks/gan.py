"""Checks of the exercises of book/gan.ipynb."""

__all__ = []
