"""Running our Lua scripts on a server that may not know them yet."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError, RedisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis


@cache
def script(name: str) -> tuple[str, str]:
    """The source of one of our Lua scripts, and the digest a server knows it by."""
    source = files("worker.broker").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


def run_script(
    client: redis.Redis,
    name: str,
    keys: Sequence[str],
    arguments: Sequence[Any],
    then: Sequence[Any] = (),
) -> Any:
    """Run a script.

    Args:
        client: raw RESP2 replies, as from `producer.connection.connect`.
        name: of the script.
        keys: its keys.
        arguments: its other arguments.
        then: a command to be sent after it on the same connection.

    Returns:
        The script's reply; with a command after it, both replies.

    Raises:
        redis.exceptions.RedisError: an error reply, or no reply.
    """
    source, digest = script(name)
    rest = (len(keys), *keys, *arguments)
    try:
        return _send(client, ("EVALSHA", digest, *rest), then)
    except NoScriptError:  # a server that is new, or was restarted
        return _send(client, ("EVAL", source, *rest), then)


def _send(client: Any, command: Sequence[Any], then: Sequence[Any]) -> Any:
    if not then:
        return client.execute_command(*command)
    pipeline = client.pipeline(transaction=False)
    pipeline.execute_command(*command)
    pipeline.execute_command(*then)
    replies = pipeline.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, RedisError):
            raise reply
    return replies
