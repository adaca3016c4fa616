"""`journal doctor`: look at everything that a newcomer gets wrong, and say what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from producer.cli.options import keys_option, redis_option
from producer.doctor import Role, check_all, gather
from producer.doctor.checks import unusable_settings
from producer.doctor.report import show
from producer.errors import ConfigurationError
from producer.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.PRODUCER.value,
    show_default=True,
    help="Check the permissions and keys that this part of the system needs.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@redis_option
@keys_option
def doctor(role: str, as_json: bool, redis_url: str | None, keys_file: Path | None) -> None:
    """Look at the address, the login, the permissions, the set-up of Redis, the keys and the clock.

    One line a check: `ok`, `warning`, `failed` or `skipped`, and what to do. Nothing is changed
    or opened, and no password shown. Ends within JOURNAL_TIMEOUT_SECONDS. `journal-worker doctor`
    also looks at the models and the ports.

    \b
      journal doctor
      journal doctor --role operator
      journal doctor --json | jq '.checks[] | select(.level == "failed")'

    Exit codes: 0 nothing failed (there may be warnings), 1 a check failed.
    """
    try:
        settings = Settings.load(redis_url=redis_url, keys_file=keys_file)
        each = settings.each
        findings = [
            replace(finding, text=f"Shard {one.shard}: {finding.text}")
            if len(each) > 1
            else finding
            for one in each
            for finding in check_all(gather(one, Role(role)))
        ]
    except ConfigurationError as exc:
        findings = [unusable_settings(exc)]
    raise SystemExit(show(findings, as_json=as_json))
