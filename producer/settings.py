"""Settings of the client side, from `JOURNAL_*` environment variables or an `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from producer.errors import ConfigurationError
from producer.keys import MAX_BUCKETS, Lane, Lanes, QueueKeys, keys_of, parse_lanes
from producer.message import QUEUE
from producer.schemas import describe
from producer.sealing import KeySet
from producer.sharding.shards import Shard, Shards, parse_shards


class Settings(BaseSettings):
    """Settings that every part of the system has to agree on.

    Attributes:
        redis_url: where Redis is: `redis://`, `rediss://`, or Sentinels, `redis+sentinel://` and
            `rediss+sentinel://` (see `producer.connection.address`). It may hold a password, so it
            shows in no repr, log or error.
        shards: several Redis primaries between which the entries are divided, in place of
            `redis_url`; see `producer.sharding.shards.parse_shards`. "" for one Redis.
        shard: the name of the shard that is worked on alone, as a worker does; "" for all.
        keys_file: the key set, a JWK set.
        queue: the Redis list of entries that wait for a worker.
        results: the stream of results.
        dead: the stream of dead letters.
        lanes: names and weights of the lanes, such as `interactive=8,bulk=1`; "" for one lane. See
            `producer.keys.parse_lanes`.
        tenant_buckets: how many lists each lane has for entries whose submitter names a tenant, so
            that tenants take turns; 1 for no turns.
        max_queue_entries: entries in the queue at which `submit` refuses more.
        max_queue_bytes: bytes of memory of the queue in Redis at which `submit` refuses more; 0
            for no limit.
        max_results: unread results at which workers pause.
        max_result_deliveries: how often a result is delivered to the readers of a group; one that
            is still not acknowledged then becomes a dead letter.
        idempotency_seconds: how long a second submit of an entry id counts as a duplicate.
        reply_seconds: how long the reply to one entry is kept for `result`.
        timeout_seconds: within which a call of a client ends.
        max_connections: that a client holds at most; a call waits for a free one.
        min_replicas: how many replicas have to confirm an entry before it counts as submitted, and
            an answer before it counts as safe; as many as there are, or a failover may lose some.
    """

    model_config = SettingsConfigDict(
        env_prefix="JOURNAL_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    redis_url: SecretStr = SecretStr("redis://localhost:6379/0")
    shards: SecretStr = SecretStr("")
    shard: str = ""
    keys_file: Path | None = None
    queue: Annotated[str, Field(min_length=1)] = QUEUE
    results: Annotated[str, Field(min_length=1)] = "journal.results"
    dead: Annotated[str, Field(min_length=1)] = "journal.dead"
    lanes: str = ""
    tenant_buckets: Annotated[int, Field(ge=1, le=MAX_BUCKETS)] = 1
    max_queue_entries: Annotated[int, Field(ge=1)] = 100_000
    max_queue_bytes: Annotated[int, Field(ge=0)] = 512 * 1024**2
    max_results: Annotated[int, Field(ge=1)] = 100_000
    max_result_deliveries: Annotated[int, Field(ge=1)] = 5
    idempotency_seconds: Annotated[int, Field(ge=1)] = 86_400
    reply_seconds: Annotated[int, Field(ge=1)] = 600
    timeout_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    max_connections: Annotated[int, Field(ge=1)] = 50
    min_replicas: Annotated[int, Field(ge=0)] = 0

    @pydantic.field_validator("lanes")
    @classmethod
    def _are_lanes(cls, lanes: str) -> str:
        parse_lanes(lanes)
        return lanes

    @pydantic.field_validator("shards")
    @classmethod
    def _are_shards(cls, shards: SecretStr) -> SecretStr:
        if text := shards.get_secret_value().strip():
            parse_shards(text)
        return shards

    @pydantic.model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.shard and self.shard not in self._named_shards.names:
            raise ValueError("JOURNAL_SHARD names none of JOURNAL_SHARDS")
        return self

    @property
    def _named_shards(self) -> Shards:
        text = self.shards.get_secret_value().strip()
        return parse_shards(text) if text else Shards(())

    @property
    def shard_set(self) -> Shards | None:
        """The shards between which entries are divided; None where there is one Redis."""
        return None if self.shard or not self._named_shards.all else self._named_shards

    @property
    def only_url(self) -> SecretStr:
        """Where the one Redis is: that of `redis_url`, or of `shard`.

        Raises:
            ConfigurationError: there are several, and none of them is chosen.
        """
        if self.shard_set is not None:
            names = ", ".join(self.shard_set.names)
            raise ConfigurationError(
                f"JOURNAL_SHARDS names several: choose one of {names} by JOURNAL_SHARD"
            )
        one = self._named_shards.named(self.shard)
        return self.redis_url if one is None else one.url

    def on_shard(self, shard: Shard) -> Self:
        """The same settings for one shard alone."""
        return self.model_copy(update={"shard": shard.name})

    @property
    def each(self) -> tuple[Self, ...]:
        """The settings of every shard; these alone where there is one Redis."""
        shards = self.shard_set
        return (self,) if shards is None else tuple(self.on_shard(one) for one in shards.all)

    @property
    def lane_set(self) -> Lanes:
        """The lanes."""
        return parse_lanes(self.lanes)

    @property
    def queue_keys(self) -> QueueKeys:
        """The names of the queue's keys, with those of its lanes."""
        return keys_of(self.queue, self.lane_set, self.tenant_buckets)

    def room_of(self, lane: Lane) -> tuple[int, int]:
        """Entries and bytes at which `submit` refuses more for a lane; 0 bytes for no limit."""
        entries = max(1, int(lane.share * self.max_queue_entries))
        return entries, self.max_queue_bytes and max(1, int(lane.share * self.max_queue_bytes))

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment; arguments that are not None win.

        Raises:
            ConfigurationError: a value is of the wrong kind; the message names the variable.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        if "redis_url" in given:  # whoever names one Redis means that one
            given = {"shards": "", "shard": "", **given}
        try:
            return cls(**given)
        except pydantic.ValidationError as exc:
            raise ConfigurationError(f"settings (JOURNAL_*): {describe(exc)}") from None

    def key_set(self) -> KeySet:
        """The key set from `keys_file`.

        Raises:
            ConfigurationError: no file is named, or it holds no usable key set.
        """
        if self.keys_file is None:
            raise ConfigurationError(
                "JOURNAL_KEYS_FILE is not set; make a key file with `journal keys new --file FILE`"
            )
        return KeySet.load(self.keys_file)
