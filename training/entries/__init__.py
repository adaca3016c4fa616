"""Labelled entries: reading them from files, checking, anonymizing and splitting them."""
