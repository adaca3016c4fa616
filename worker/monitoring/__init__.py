"""What operators see of a worker: metrics, health pages, the exporter, logs."""
