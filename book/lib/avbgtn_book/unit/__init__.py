"""UNIT in two dimensions."""
