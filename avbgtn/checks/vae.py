"""Checks of the exercises of book/vae.ipynb."""

__all__ = []
