"""The system on one machine without containers: `make demo`, and what bench and tests start."""
