"""Averaging the weights of models that began from the same base."""
