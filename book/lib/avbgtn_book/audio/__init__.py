"""Sounds as pictures."""
