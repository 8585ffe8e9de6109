"""Checks of the exercises of book/unit.ipynb."""

__all__ = []
