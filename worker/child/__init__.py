"""The child process: carries a batch through the stages.

`process` starts and runs it, and tells of it through `readiness`; `factory` loads the stages, and
`pipeline` strings them together.
"""
