"""A Flask backend that has Celery already: it submits by `send_task`; a command reads the results.

    pip install journal-stream flask 'celery[redis]'
    export JOURNAL_REDIS_URL=redis://localhost:6379/0 JOURNAL_KEYS_FILE=keys.json
    flask --app flask_celery_backend run & flask --app flask_celery_backend read-results

`PUT /entries/e1` with `{"text": "..."}` submits an entry, and `GET /entries/e1` gives its labels.
"""

import contextlib
import json
import os
import sqlite3
import time
from typing import Any

import click
from celery import Celery
from flask import Flask, abort, request
from kombu.exceptions import OperationalError

from producer import JournalClient, JournalEntry, Settings, ValidationError
from producer.message import ENQUEUED_AT, QUEUE, TASK
from producer.sealing import ENTRY

DATABASE = os.environ.get("DATABASE", "results.sqlite")

app = Flask(__name__)
settings = Settings.load()
keys = settings.key_set()
# The Celery app that you have, if its broker is the same Redis; otherwise one more of its own.
celery = Celery(broker=settings.redis_url.get_secret_value(), set_as_current=False)


@app.put("/entries/<entry_id>")
def submit(entry_id: str) -> tuple[dict[str, str], int]:
    """Seal an entry and enqueue it as a Celery task, which no worker of this app needs to know.

    On this way nothing notices a second submit of an id, and nothing bounds the queue.
    `JournalClient().submit` does both, and is ten times as fast.
    """
    body = request.get_json()
    try:
        text = body.get("text") if isinstance(body, dict) else None
        entry = JournalEntry(entry_id=entry_id, text=text)
    except ValidationError as error:  # its message names the rule and holds no text
        abort(422, str(error))
    # Never send the text itself: Celery shows arguments in logs and events, and workers refuse it.
    sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id=entry_id)
    try:
        celery.send_task(
            TASK,
            [sealed],
            task_id=entry_id,
            queue=QUEUE,
            ignore_result=True,
            headers={ENQUEUED_AT: time.time()},  # so that the waiting time can be seen
        )
    except OperationalError:
        abort(503, "try again")
    return {"status": "queued"}, 202


@app.get("/entries/<entry_id>")
def labels(entry_id: str) -> dict[str, Any]:
    """Give the labels of an entry, each with the ranges of its text where it was found."""
    with open_database() as database:
        query = "SELECT labels FROM results WHERE entry_id = ?"
        found = database.execute(query, (entry_id,)).fetchone()
    if found is None:
        abort(404, "no result yet")
    return {"labels": json.loads(found[0])}


@app.cli.command("read-results")
@click.option("--timeout", type=float, help="End after so many seconds without a result.")
def read_results(timeout: float | None) -> None:
    """Store results as they arrive. Processes that read as the same group share the work."""
    with open_database() as database, JournalClient(settings, keys) as journal:
        # Asking for the next result acknowledges the one before.
        for result in journal.results(group="backend", timeout=timeout):
            found = json.dumps([label.model_dump() for label in result.labels])
            with database:
                row = (result.entry_id, found)
                database.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", row)


def open_database() -> contextlib.closing[sqlite3.Connection]:
    """Open where this backend keeps results."""
    database = sqlite3.connect(DATABASE)
    database.execute("CREATE TABLE IF NOT EXISTS results (entry_id PRIMARY KEY, labels)")
    return contextlib.closing(database)
