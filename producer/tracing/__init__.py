"""Traces: which one an entry belongs to, and the spans of its way; only with OpenTelemetry.

`traceparent` is the form in which a trace travels and needs no package. `spans` records through
OpenTelemetry where a process has it, `entries` those of submitting and reading, and `export` sends
those of our own programs to a collector where the operator asks for it.
"""
