"""Taggers: models that find names, places and other personal data."""
