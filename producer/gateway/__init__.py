"""`journal-gateway`: entries by HTTP, results as an event stream or by webhook, and the page."""
