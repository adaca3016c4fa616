"""What each process holds: `python -m tests.bench.footprint`."""
