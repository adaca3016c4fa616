"""`make bench`: the worker beside other ways of doing the same work.

`run` starts the `variants` in a `setting`, deals them `texts` in `rounds`, measures what their
processes use (`machine`) and the `latency` of single entries, and prints a `table`. `noop` measures
the queue alone, `lanes` one lane beside another, `gateway` what HTTP costs, `soak` the anonymizer's
memory. `processes` holds what the variants run.
"""
