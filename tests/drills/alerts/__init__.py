"""`python -m tests.drills.alerts`: each alert is brought about, and its action followed, once.

scenes/ ──▶ scene.py: bring about, wait for Prometheus, follow the action, wait again
stack.py: the system that they happen to        watch.py: what fires, and since when
rules.py: alerts.yml, in which minutes are seconds        table.py: what is told at the end
"""
