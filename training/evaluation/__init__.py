"""How good a model is: by label, by style, on negatives, and when names are exchanged."""
