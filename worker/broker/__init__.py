"""Redis as the worker sees it.

In the order of an entry's way: `transport` reads by `claims` and delivers each message as a
`payload`; `leases` keeps claims alive and requeues those of dead workers, `neighbours` at once on
the same host; `settlement` publishes what became of an entry and gives
up its claim. The `lua` scripts are what Redis runs.
"""
