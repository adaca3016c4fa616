"""The processes whose throughput is measured."""
