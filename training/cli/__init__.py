"""`journal-train`: anonymize a CSV, fine-tune a model on it, evaluate the model.

The libraries read their settings from the environment when they are first imported, and take
seconds to import: each command sets what they need first and imports them then.
"""

from __future__ import annotations

import click

from training.cli.anonymize import anonymize as anonymize_command
from training.cli.evaluate import evaluate as evaluate_command
from training.cli.fit import fit as fit_command
from training.cli.pii import evaluate_pii as evaluate_pii_command
from training.cli.pii import pii as pii_command
from training.cli.runs import runs as runs_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="journal-stream")
def main() -> None:
    """Make a model for journal-stream from a CSV of `text,labels`."""


for _command in (
    anonymize_command,
    fit_command,
    evaluate_command,
    runs_command,
    pii_command,
    evaluate_pii_command,
):
    main.add_command(_command)
