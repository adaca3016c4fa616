"""Where a bench runs: its own server, keys, and a directory for logs, all removed at the end."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Self

from deploy.local.server import Server
from producer import KeySet, Settings
from producer.sealing import new_key, write_key_file
from tests.bench.stream import Stream

#: More entries than a round ever has: neither limit is what is measured.
_ROOM = 1_000_000


class Setting:
    """A Redis server without persistence, and a key file; each variant has a database of its own.

    Args:
        model: the model folder of all processes, if they need one.
    """

    def __init__(self, model: Path | None = None) -> None:
        self._model = model.resolve() if model else None
        self._server = Server()
        self.directory = Path()
        self.keys_file = Path()

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="journal-bench-"))
        self.keys_file = self.directory / "keys.json"
        try:
            write_key_file(self.keys_file, [new_key()])
            self._server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def server_pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def url(self, database: int) -> str:
        """The URL of one of the server's databases."""
        return f"{self._server.url.rpartition('/')[0]}/{database}"

    def environment(self, database: int) -> dict[str, str]:
        """The JOURNAL_* settings of a process that works on this database."""
        model = {"JOURNAL_MODEL": str(self._model)} if self._model else {}
        return {
            **model,
            "JOURNAL_REDIS_URL": self.url(database),
            "JOURNAL_KEYS_FILE": str(self.keys_file),
            "JOURNAL_MAX_QUEUE_ENTRIES": str(_ROOM),
            "JOURNAL_MAX_RESULTS": str(_ROOM),
            "JOURNAL_LOG_LEVEL": "WARNING",
        }

    def settings(self, database: int) -> Settings:
        """The same for a client."""
        return Settings.load(
            redis_url=self.url(database), keys_file=self.keys_file, max_queue_entries=_ROOM
        )

    def stream(self, database: int) -> Stream:
        """A backend on this database."""
        return Stream(self.settings(database), KeySet.load(self.keys_file))

    def log(self, name: str) -> Path:
        """Where a process may log."""
        return self.directory / f"{name}.log"
