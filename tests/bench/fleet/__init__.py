"""What a large fleet costs whoever submits: one worker beside hundreds, on one server.

`idle_workers` simulates workers that wait for work, many in a process; `system` starts them and real
ones on a server; `measure` times submits with one worker and with all.
"""
