"""`make bench`: the worker beside the plain ways of doing the same work."""
