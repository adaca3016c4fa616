"""Connections to Redis that keep deadlines and follow the primary, and operations run on them."""

from producer.connection.address import Address
from producer.connection.aio_fleet import AsyncFleet
from producer.connection.clients import connect, connect_async
from producer.connection.deadline import Limit, within
from producer.connection.execution import execute, execute_async
from producer.connection.fleet import Fleet

__all__ = [
    "Address",
    "AsyncFleet",
    "Fleet",
    "Limit",
    "connect",
    "connect_async",
    "execute",
    "execute_async",
    "within",
]
