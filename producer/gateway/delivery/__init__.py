"""How results reach their callers: sorted by API key, then streamed or sent by webhook."""
