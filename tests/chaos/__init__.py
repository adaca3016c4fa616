"""`make chaos`, `make fuzz`, `make poison`: break a running system and account for every entry.

`run` keeps a `fleet` at a `store` alive under `load`, deals them `blows`, and compares the `ledger`
with what the `readers` find on the streams. `fuzz` pushes `garbage` among entries, `mixed` poison
entries. The workers are `light_worker`s: everything real but the models.
"""
