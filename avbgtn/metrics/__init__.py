"""Scores of translations, for pictures and for sounds, and what they are compared with."""
