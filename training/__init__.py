"""Training: a CSV of journal entries in, a verified model folder out."""
