"""Exit 0 if `/healthz` on the given port of this machine answers 200, else 1.

Usage: healthcheck.py PORT_VARIABLE DEFAULT_PORT, e.g. `healthcheck.py JOURNAL_METRICS_PORT 9808`.
"""

import http.client
import os
import sys

TIMEOUT_SECONDS = 3


def main(arguments: list[str]) -> int:
    """Ask once; http.client, unlike urllib, ignores proxy variables handed to the container."""
    variable, default = arguments
    port = int(os.environ.get(variable) or default)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
