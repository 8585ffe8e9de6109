"""Adversarial variational Bayes."""
