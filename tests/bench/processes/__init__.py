"""The processes that a bench measures.

`pipes` starts a process that answers questions through a pipe: `tutorial` and `plain`. Behind a
queue work `stock_worker`, the peer, and `noop_worker`, a worker without models. `stages` loads the
models for those that are no worker.
"""
