"""What the clients ask of Redis, without doing any input or output themselves."""
