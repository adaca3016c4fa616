"""Redis as the worker sees it: claims with leases, the transport, settling."""
