"""`make drills`: what an operator does now and then, done under load, by the steps that are documented.

`backup` copies Redis and restores it on a new server; `rotation` rotates keys; `alerts` brings each alert
about and follows its action. The rolling upgrade is `tests.integration.upgrade.rolling`, which needs a
checkout of the other version.
"""
