"""Several independent Redis primaries, the shards: which there are, and which one has an entry."""
