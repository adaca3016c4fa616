"""What the clients do over several shards, put together from operations on each. Free of I/O."""
