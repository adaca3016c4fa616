"""A measured load: a schedule of entries, the ledger of what was submitted and answered."""
