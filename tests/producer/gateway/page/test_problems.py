"""What goes wrong is told in plain words, and what passes is waited out."""

from __future__ import annotations

import itertools
import time

import pytest
from playwright.sync_api import Page, expect

from producer.schemas import DeadReason
from tests.producer.gateway.page.browser import Visitor, write
from tests.producer.gateway.page.stub import KEY, StubGateway


def test_without_a_key_one_is_asked_for_and_what_was_written_stays(
    visitor: Visitor, gateway: StubGateway
) -> None:
    page = visitor.open(key=None)
    expect(page.locator("#key")).to_be_focused()
    write(page, "First things first.")
    expect(page.locator("#key")).to_be_focused()
    assert not gateway.requests
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#key-form")).to_be_hidden()
    expect(page.locator("#key-name")).to_have_text("demo")
    page.click("#send")
    expect(page.locator(".calm")).to_be_visible()


def test_a_wrong_key_is_refused_until_a_known_one_comes(visitor: Visitor) -> None:
    page = visitor.open(key="jsk_other_wrong", known=False)
    message = page.locator("#key-message")
    expect(message).to_contain_text("does not know this key")
    page.fill("#key", " ")
    page.keyboard.press("Enter")
    expect(message).to_have_text("Please give a key first.")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#key-form")).to_be_hidden()


def test_a_key_that_is_withdrawn_meanwhile_is_asked_for_again(
    page: Page, gateway: StubGateway
) -> None:
    gateway.refusals = [(401, {}, "unknown key")]
    write(page, "Still here.")
    expect(page.locator("#key-message")).to_contain_text("does not know this key")
    expect(page.locator("#text")).to_have_value("Still here.")
    expect(page.locator("#change-key")).to_be_hidden()


def test_a_key_can_be_changed_or_kept(page: Page) -> None:
    page.click("#change-key")
    page.click("#keep-key")
    expect(page.locator("#key-form")).to_be_hidden()
    expect(page.locator("#change-key")).to_be_focused()
    page.goto(page.url + "#key=jsk_other_wrong")
    expect(page.locator("#key-message")).to_contain_text("does not know this key")
    assert "#" not in page.url


@pytest.mark.parametrize(
    ("status", "words"), [(429, "asks for a moment"), (503, "cannot take more")]
)
def test_a_busy_gateway_is_tried_again_after_the_time_that_it_asks_for(
    page: Page, gateway: StubGateway, status: int, words: str
) -> None:
    gateway.refusals = [(status, {"Retry-After": "30"}, "busy")]
    page.clock.install()
    write(page, "Not so fast.")
    expect(page.locator("#status-line")).to_contain_text(words)
    expect(page.locator("#status-time")).to_have_text("Trying again in 30 s.")
    page.clock.run_for(28_000)
    expect(page.locator("#status-time")).to_have_text("Trying again in 2 s.")
    assert not gateway.texts
    page.clock.run_for(2_000)
    expect(page.locator(".calm")).to_be_visible()
    assert len(gateway.texts) == 1


def test_who_does_not_want_to_wait_tries_again_at_once(page: Page, gateway: StubGateway) -> None:
    gateway.refusals = [(503, {"Retry-After": "600"}, "full")]
    write(page, "Now, please.")
    page.click("#try-now")
    expect(page.locator(".calm")).to_be_visible()


def test_an_entry_written_while_the_gateway_is_down_is_sent_when_it_is_back(
    page: Page, gateway: StubGateway
) -> None:
    gateway.stop()
    write(page, "Into the void.")
    expect(page.locator("#status-line")).to_contain_text("The gateway cannot be reached")
    gateway.start()
    expect(page.locator(".calm")).to_be_visible()
    assert list(gateway.texts.values()) == ["Into the void."]


def test_an_entry_that_waits_outlives_a_restart_of_the_gateway(
    page: Page, gateway: StubGateway
) -> None:
    gateway.answered.clear()
    write(page, "Hold the line.")
    expect(page.locator("#status-line")).to_contain_text("It waits")
    gateway.stop()
    expect(page.locator("#status-line")).to_contain_text("The gateway cannot be reached")
    gateway.start()
    expect(page.locator("#status-line")).to_contain_text("It waits")
    gateway.answered.set()
    expect(page.locator(".calm")).to_be_visible()
    assert len(gateway.texts) == 1


def test_a_gateway_that_cannot_let_anybody_wait_is_not_asked_without_a_pause(
    page: Page, gateway: StubGateway
) -> None:
    gateway.answered.clear()
    gateway.longest_wait = 0.0
    asked: list[float] = []
    page.on("request", lambda sent: asked.append(time.monotonic()) if "page-" in sent.url else None)
    write(page, "Crowded here.")
    for _ in range(3):
        page.wait_for_event("request", lambda sent: "page-" in sent.url)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert min(gaps) > 0.5


def test_taking_back_without_a_gateway_says_that_it_could_not_be_told(
    page: Page, gateway: StubGateway
) -> None:
    gateway.answered.clear()
    write(page, "Forget it.")
    expect(page.locator("#status-line")).to_contain_text("It waits")
    gateway.stop()
    page.click("#cancel")
    expect(page.locator("#status-line")).to_contain_text("The gateway could not be told")
    expect(page.locator("#text")).to_have_value("Forget it.")


def test_an_entry_that_never_arrived_is_taken_back_too(page: Page, gateway: StubGateway) -> None:
    gateway.refusals = [(503, {"Retry-After": "600"}, "full")]
    write(page, "Forget it.")
    expect(page.locator("#try-now")).to_be_visible()
    page.click("#cancel")
    expect(page.locator("#status-line")).to_contain_text("Taken back")
    assert not gateway.texts


def test_an_answer_that_came_before_the_cancel_is_shown(page: Page, gateway: StubGateway) -> None:
    gateway.answered.clear()
    write(page, "Too late.")
    expect(page.locator("#status-line")).to_contain_text("It waits")
    gateway.refused_method = "DELETE"
    gateway.refusals = [(409, {}, "answered already")]
    page.click("#cancel")
    gateway.answered.set()
    expect(page.locator(".calm")).to_be_visible()


def test_a_failed_entry_is_told_with_its_reason_and_can_be_sent_again(
    page: Page, gateway: StubGateway
) -> None:
    page.fill("#text", "Why me.")
    line = page.locator("#status-line")
    for reason, words in {
        "worker_lost": "The workers that read it stopped",
        "anonymizer_failed": "so no model has read it",
        "moon_phase": "“moon_phase”",
    }.items():
        gateway.outcome = {"status": "failed", "reason": reason}
        page.click("#send")
        expect(line).to_contain_text("This entry could not be read.")
        expect(line).to_contain_text(words)
        page.click("#edit")
        expect(page.locator("#text")).to_have_value("Why me.")
        expect(line).to_be_empty()
    assert len(gateway.texts) == 3


def test_what_will_never_be_taken_is_not_tried_again(page: Page, gateway: StubGateway) -> None:
    page.fill("#text", "Hm.")
    for status, words in {422: "text is odd", 413: "as long as this one", 404: "no longer"}.items():
        gateway.refusals = [(status, {}, "text is odd")]
        page.click("#send")
        expect(page.locator("#status-line")).to_contain_text(words)
        expect(page.locator("#text")).to_have_value("Hm.")
    assert not gateway.texts


def test_every_reason_of_a_dead_letter_has_its_own_words(page: Page) -> None:
    said = page.evaluate(
        "async reasons => (await import('/page/wording.js').then(({ failure }) => reasons.map(failure)))",
        list(DeadReason),
    )
    assert len(set(said)) == len(DeadReason)
    assert not any("The reason given" in words for words in said)
