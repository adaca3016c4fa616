"""`make gpu-check`: what a GPU does for a worker, in one script of at most eight minutes.

`check` runs it, `passes` measures forward passes, `workers` whole workers, and `instant_worker` is
a worker whose device answers at once.
"""
