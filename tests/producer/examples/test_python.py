"""The examples in Python work as they stand, on a real server and with a stand-in worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from tests.producer.answering import DEAD
from tests.producer.examples.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

TEXT = "Nobody said hello. They must all be angry with me 🙃."
LABELS = [
    {
        "label": "Mind Reading",
        "score": 0.875,
        "evidence": [{"start": 19, "end": len(TEXT)}],
    }
]


def test_a_fastapi_backend_submits_in_a_request_and_collects_the_results(
    example: Callable[[str], Any], answering: None, wait_until: Callable[..., Any]
) -> None:
    with TestClient(example("fastapi_backend").app) as http:
        assert http.get("/entries/e1").status_code == 404
        answer = http.put("/entries/e1", json={"text": TEXT})
        assert (answer.status_code, answer.json()) == (202, {"status": "queued"})
        assert http.put("/entries/e1", json={"text": TEXT}).json() == {"status": "duplicate"}
        wait_until(lambda: http.get("/entries/e1").status_code == 200)
        assert http.get("/entries/e1").json() == {"labels": LABELS}


def test_a_fastapi_backend_tells_what_is_wrong_and_when_to_come_again(
    example: Callable[[str], Any], full_store: Callable[[], None], raw: redis.Redis
) -> None:
    with TestClient(example("fastapi_backend").app) as http:
        refused = http.put("/entries/e1", json={"text": "   "})
        assert refused.status_code == 422
        full_store()
        later = http.put("/entries/e1", json={"text": TEXT})
        assert (later.status_code, later.headers["Retry-After"]) == (503, "5")
    assert raw.llen("journal.entries") == 0


def test_a_flask_backend_submits_by_celery_and_a_command_of_it_reads_the_results(
    example: Callable[[str], Any], answering: None, wait_until: Callable[..., Any]
) -> None:
    backend = example("flask_celery_backend")
    http, commands = backend.app.test_client(), backend.app.test_cli_runner()
    for wrong in ({"text": " "}, {}, ["text"]):
        assert http.put("/entries/e1", json=wrong).status_code == 422
    assert http.put("/entries/e1", json={"text": TEXT}).status_code == 202
    assert http.get("/entries/e1").status_code == 404

    def read() -> int:
        assert commands.invoke(args=["read-results", "--timeout", "0.2"]).exit_code == 0
        return http.get("/entries/e1").status_code

    wait_until(lambda: read() == 200)
    assert http.get("/entries/e1").get_json() == {"labels": LABELS}
    backend.celery.close()


def test_a_script_goes_from_a_csv_file_to_a_table_of_labels(
    example: Callable[[str], Any],
    answering: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    raw: redis.Redis,
) -> None:
    csv = tmp_path / "mine.csv"
    csv.write_text((EXAMPLES / "entries.csv").read_text("utf-8") + f"{DEAD}\n", "utf-8")
    example("csv_to_labels").main(csv)
    table = capsys.readouterr().out
    assert table.count("Mind Reading") == 3
    assert "They must all be angry with me." in table
    assert "failed: classifier_failed" in table
    assert raw.xinfo_groups("journal.results") == []
