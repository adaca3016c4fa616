"""`python -m tests.truth.run`: does the dashboard tell the truth?

`run` is the command. `scene` is the system, `drill` what happens to it, `diary` and `facts` what is
known of that without any metric, and `panels`, `expected` and `verdict` hold the two together.
"""
