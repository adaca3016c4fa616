"""Monitoring of a worker: metrics, health pages, the exporter, logging."""
