"""Sentences in their windows: what is learnt of them, and how both are scored in one pass."""
