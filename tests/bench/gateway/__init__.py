"""What HTTP costs: the worker fed through the gateway, beside the same worker fed on Redis.

`measure` takes turns between the two; `asking` is a caller of the gateway that costs little itself,
as callers are on other machines and these share the cores with the worker.
"""
