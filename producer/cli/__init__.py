"""`journal`: submit entries, read results, watch the queue, make keys, put load on the system."""

from __future__ import annotations

import click

from producer.cli import cancel, dead, doctor, groups, keys, load, results, status, submit
from producer.cli.options import JournalGroup


@click.group(cls=JournalGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="journal-stream")
def main() -> None:
    """Submit journal entries and read the cognitive distortions found in them.

    Settings come from JOURNAL_* environment variables (or an .env file); options win over them.

    \b
    First steps:
      journal keys new --file keys.json
      export JOURNAL_KEYS_FILE=keys.json JOURNAL_REDIS_URL=redis://localhost:6379/0
      journal submit --file entries.jsonl
      journal results

    \b
    Exit codes: 0 done, 1 a check failed, 2 wrong input or configuration,
    3 no room in the queue or in Redis, 4 Redis cannot be reached, 130 interrupted.
    """


for command in (
    submit.submit,
    cancel.cancel,
    results.results,
    status.status,
    doctor.doctor,
    dead.dead,
    groups.groups,
    keys.keys,
    load.load,
):
    main.add_command(command)
