"""The page on the gateway itself, with a real server and the worker's own scripts."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from producer import JournalClient, JournalResult
from producer.schemas import Evidence, Label
from producer.sealing import RESULT
from tests.producer.gateway.page.browser import Visitor, span, write
from tests.producer.gateway.support import Worker, add_key, serving, working
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from producer import KeySet, Settings
    from worker.broker.records import Claimed

TEXT = "Rain 🌧️ again. Maria said nothing, so she hates me."
SENTENCE = "Maria said nothing, so she hates me."


class MindReader(Worker):
    """Finds one label in the sentence above."""

    def _answer(self, claimed: Claimed) -> Answer:
        entry, _ = self._open(claimed)
        start, end = span(entry.text, SENTENCE)
        result = JournalResult(
            entry_id=entry.entry_id,
            labels=(
                Label(label="Mind Reading", score=0.84, evidence=(Evidence(start=start, end=end),)),
            ),
            scores={"Mind Reading": 0.84},
            redactions={"PERSON": 1},
            model="m@1",
            submitted_at=entry.submitted_at,
            completed_at=entry.submitted_at,
        )
        sealed = self._keys.seal(result.encode(), kind=RESULT, entry_id=entry.entry_id)
        return Answer(claimed.tag, "result", entry.entry_id, "sealed", sealed)


class Gateway:
    """A gateway that can be stopped and started again on its port."""

    def __init__(self, settings: Settings, keys: KeySet, api_keys_file: Path) -> None:
        self._parts = (settings, keys, api_keys_file)
        self._port = 0
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        running = self._running.enter_context(serving(*self._parts, port=self._port))
        self._port = running.port

    def stop(self) -> None:
        self._running.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"


@pytest.fixture
def real_gateway(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str
) -> Iterator[Gateway]:
    gateway = Gateway(settings, keys, api_keys_file)
    yield gateway
    gateway.stop()


@pytest.fixture
def real(browser: Browser, real_gateway: Gateway, app_key: str) -> Iterator[Page]:
    """The page of a real gateway."""
    visitor = Visitor(browser, real_gateway.url)
    yield visitor.open(app_key)
    visitor.leave()


def test_an_entry_comes_back_from_the_queue_with_its_sentence_highlighted(
    real: Page, settings: Settings, keys: KeySet
) -> None:
    with working(MindReader(settings, keys)):
        write(real, TEXT)
        expect(real.locator(".pattern")).to_contain_text("although nobody has said so")
    assert real.locator(".layer").text_content() == SENTENCE
    expect(real.locator(".chips")).to_have_text("1 name")
    expect(real.locator("#key-name")).to_have_text("app")


def test_an_entry_outlives_a_restart_of_the_gateway(
    real: Page, real_gateway: Gateway, settings: Settings, keys: KeySet
) -> None:
    write(real, TEXT)
    expect(real.locator("#status-line")).to_contain_text("no worker is there")
    real_gateway.stop()
    expect(real.locator("#status-line")).to_contain_text("The gateway cannot be reached")
    real_gateway.start()
    with working(MindReader(settings, keys)):
        expect(real.locator(".pattern")).to_have_count(1)


def test_an_entry_that_is_taken_back_is_gone_from_the_queue(
    real: Page, client: JournalClient
) -> None:
    write(real, TEXT)
    expect(real.locator("#status-line")).to_contain_text("no worker is there")
    assert client.status().ready == 1
    real.click("#cancel")
    expect(real.locator("#status-line")).to_contain_text("Taken back")
    assert client.status().ready == 0


def test_the_figures_of_the_system_are_shown(real: Page) -> None:
    write(real, TEXT)
    real.click("#tab-live")
    waiting = real.locator(".figure").filter(has_text="Waiting").locator(".value")
    expect(waiting).to_have_text("1")
    expect(real.locator("#live-line")).to_have_text("Up to date.")


def test_a_key_that_is_not_known_is_refused(
    browser: Browser, real_gateway: Gateway, tmp_path: Path
) -> None:
    visitor = Visitor(browser, real_gateway.url)
    page = visitor.open(add_key(tmp_path / "others.json", "other"), known=False)
    expect(page.locator("#key-message")).to_contain_text("does not know this key")
    visitor.leave()


def test_only_scripts_and_styles_of_the_gateway_may_run(real: Page) -> None:
    answer = real.request.get(real.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    script = real.request.get(f"{real.url}page/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["x-content-type-options"] == "nosniff"
