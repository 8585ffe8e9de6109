"""Figures that the reader moves: by mouse, touch and keyboard, without a kernel and without a network."""
