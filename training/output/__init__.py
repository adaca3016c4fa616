"""The model folder that a fit writes, its card, and the log of all fits."""
