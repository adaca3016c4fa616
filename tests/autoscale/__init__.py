"""`make autoscale`: does the autoscaling of `deploy/kubernetes` do what it is for?

`run` is the command; `scaler/` is the autoscaler, the other modules are what it scales: workers, their
load, and what watches both.
"""
