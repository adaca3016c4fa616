"""A FastAPI backend: a request submits an entry, and a background task reads the results.

    pip install journal-stream fastapi uvicorn
    export JOURNAL_REDIS_URL=redis://localhost:6379/0 JOURNAL_KEYS_FILE=keys.json
    uvicorn fastapi_backend:app

`PUT /entries/e1` with `{"text": "..."}` submits an entry, and `GET /entries/e1` gives its labels.
"""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

from producer import (
    AsyncJournalClient,
    BackpressureError,
    JournalError,
    Unavailable,
    ValidationError,
)

log = logging.getLogger(__name__)

#: Where this backend keeps results. They are acknowledged once they are stored, and then deleted
#: from Redis; so a dict would lose them with the process.
DATABASE = os.environ.get("DATABASE", "results.sqlite")


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for all requests, and a task that reads results for as long as the app runs."""
    with contextlib.closing(sqlite3.connect(DATABASE)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS results (entry_id PRIMARY KEY, labels)")
        async with AsyncJournalClient() as journal:
            app.state.journal, app.state.database = journal, database
            reading = asyncio.create_task(read_results(journal, database))
            yield
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def read_results(journal: AsyncJournalClient, database: sqlite3.Connection) -> None:
    """Store results as they arrive, for as long as the app runs.

    Processes that read as the same group share the work. A result may come twice, where a process
    dies before it acknowledges it: hence REPLACE. An entry that fails has no result;
    `journal.failed()` tells of those.
    """
    while True:
        try:
            async with contextlib.aclosing(journal.results(group="backend")) as results:
                async for result in results:  # asking for the next acknowledges the one before
                    found = json.dumps([label.model_dump() for label in result.labels])
                    with database:
                        row = (result.entry_id, found)
                        database.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", row)
        except JournalError as error:  # outages it outlasts; say, a missing permission
            log.error("results cannot be read: %s", error)
            await asyncio.sleep(5)


app = FastAPI(lifespan=lifespan)


class Text(BaseModel):
    """What a request brings."""

    text: str


@app.put("/entries/{entry_id}", status_code=202)
async def submit(entry_id: str, body: Text, request: Request) -> dict[str, str]:
    """Submit an entry. Sending the request again is safe: an id is enqueued once."""
    try:
        receipt = await request.app.state.journal.submit(body.text, entry_id=entry_id)
    except ValidationError as error:  # its message names the rule and holds no text
        raise HTTPException(422, str(error)) from None
    except (BackpressureError, Unavailable):
        raise HTTPException(503, "try again", headers={"Retry-After": "5"}) from None
    return {"status": receipt.status}


@app.get("/entries/{entry_id}")
async def labels(entry_id: str, request: Request) -> dict[str, Any]:
    """Give the labels of an entry, each with the ranges of its text where it was found."""
    query = "SELECT labels FROM results WHERE entry_id = ?"
    found = request.app.state.database.execute(query, (entry_id,)).fetchone()
    if found is None:
        raise HTTPException(404, "no result yet")
    return {"labels": json.loads(found[0])}
