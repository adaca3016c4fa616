"""The parent process: gathers claimed entries, sends them to children, and watches over both.

In the order of an entry's way: `consumer`, `task` and `request` receive it from Celery, with the
`services` that they call; `claim` is what it carries. `gatherer` puts it into a `batch` within the
`limits`, and `dispatcher` gives that to a child. A lost batch is split by `isolation`; an entry
ends in `dead_letters` or goes back by `requeue`. `supervisor` watches children and leases.
"""
