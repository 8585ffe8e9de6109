"""Trained models, used on pictures and sounds."""
