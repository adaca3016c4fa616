"""What a large fleet costs whoever submits: one worker beside hundreds, on one server.

`idle_workers` simulates workers that wait for work, many in a process; `measure` starts them and real
ones, and times submits with one worker and with all.
"""
