"""What `JOURNAL_GATHER_SECONDS` saves at light load: `python -m tests.bench.gathering`."""
