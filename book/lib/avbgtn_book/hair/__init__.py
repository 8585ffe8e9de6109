"""The first experiment, on hair colour: the figures that its readers move."""
