"""Patterns of personal data with a fixed form or a sure cue, each behind a cheap test."""
