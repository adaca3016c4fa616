"""Settings of the gateway, from `JOURNAL_GATEWAY_*` environment variables or an `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from producer.errors import ConfigurationError
from producer.schemas import describe

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class GatewaySettings(BaseSettings):
    """What one process of the gateway allows itself and its callers.

    Attributes:
        api_keys_file: the API keys, as `journal-gateway keys` writes them.
        host: the address to listen on.
        port: the port to listen on; 0 for any.
        tls_cert_file: a certificate chain in PEM; without it a proxy does TLS.
        tls_key_file: its private key.
        rate: entries and other calls of one API key, such as `12000/minute`, where the key names
            no rate of its own; `none` for no limit.
        max_body_bytes: of a request.
        max_entries: in a request.
        max_requests: under way at once in this process, event streams aside.
        max_waits: of them, how many wait for a result; each holds a connection to Redis.
        max_streams: event streams open at once in this process.
        max_streams_per_key: event streams of one API key open at once in this process.
        header_seconds: within which the headers of a request have to come.
        body_seconds: within which the body of a request has to come.
        heartbeat_seconds: after which an idle event stream sends a comment.
        results_seconds: how long results can be resumed from and delivered by webhook.
        max_results: so many of the newest results are kept for each API key.
        webhooks_private: whether webhooks may go to private and loopback addresses.
        webhooks_http: whether webhooks may go without TLS to other addresses than loopback.
        drain_seconds: between telling the balancer not to send more and ending.
    """

    model_config = SettingsConfigDict(
        env_prefix="JOURNAL_GATEWAY_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_keys_file: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    rate: str = "12000/minute"
    max_body_bytes: Count = 1024 * 1024
    max_entries: Annotated[int, Field(ge=1, le=128)] = 100
    max_requests: Count = 512
    max_waits: Count = 200
    max_streams: Count = 2000
    max_streams_per_key: Count = 1000
    header_seconds: Seconds = 10.0
    body_seconds: Seconds = 10.0
    heartbeat_seconds: Seconds = 15.0
    results_seconds: Count = 86_400
    max_results: Count = 100_000
    webhooks_private: bool = False
    webhooks_http: bool = False
    drain_seconds: Annotated[float, Field(ge=0, le=600)] = 2.0

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment; arguments that are not None win.

        Raises:
            ConfigurationError: a value is of the wrong kind; the message names the variable.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**given)
        except pydantic.ValidationError as exc:
            raise ConfigurationError(f"settings (JOURNAL_GATEWAY_*): {describe(exc)}") from None

    def keys_path(self) -> Path:
        """The file of API keys.

        Raises:
            ConfigurationError: none is named.
        """
        if self.api_keys_file is None:
            raise ConfigurationError(
                "JOURNAL_GATEWAY_API_KEYS_FILE is not set; make a file with "
                "`journal-gateway keys new NAME --file FILE`"
            )
        return self.api_keys_file
