"""Training and judging the tagger of names, places and other personal data."""
