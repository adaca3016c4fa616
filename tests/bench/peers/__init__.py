"""`make bench ARGS=--peers`: other ways of serving the same stages, in turn with the worker.

`catalogue` lists the peers; `environment` installs them where they disturb nothing; `contenders`
starts one after the other beside the worker, as `processes` that end as a whole. `backends` and
`over_http` ask them, `measure` lets peer and worker take turns, `answers` compares what they
answer, `showing` shows it. `servers` holds what the peers run. `run` strings it together.
"""
