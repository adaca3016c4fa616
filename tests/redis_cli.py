"""Stands in for `redis-cli` where there is none: `redis_cli.py -h HOST -p PORT COMMAND...`."""

from __future__ import annotations

import socket
import sys


def main() -> None:
    """Send the command; print the texts of its reply, one a line."""
    host, port, *command = sys.argv[2], sys.argv[4], *sys.argv[5:]
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"{' '.join(command)}\r\n".encode())
        lines = connection.recv(65_536).decode().splitlines()
    sys.stdout.write("".join(f"{line}\n" for line in lines if line[:1] not in "*$:-"))


if __name__ == "__main__":
    main()
