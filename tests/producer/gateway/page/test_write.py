"""From an entry to its answer, as a person sees it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.producer.gateway.page.browser import Visitor, span, write
from tests.producer.gateway.page.stub import PACKAGE, StubGateway, result

#: Characters outside the basic plane, one of several code points, and a combining accent.
TEXT = "Rain 🌧️ again. Maria said nothing 👩‍👩‍👧, so she hates me. I always spoil it, cafe\u0301 too 🙂. Home now."
FIRST = "Maria said nothing 👩‍👩‍👧, so she hates me."
SECOND = "I always spoil it, cafe\u0301 too 🙂."


def marked(page: Page, label: int) -> str:
    """The text that is marked for a label."""
    layers = page.locator(f'#shown-text .layer[data-label="{label}"]')
    return "".join(layers.all_text_contents())


def answer_with_two_labels(gateway: StubGateway) -> None:
    both = (span(TEXT, FIRST)[0], span(TEXT, SECOND)[1])
    gateway.outcome = {
        "status": "done",
        "result": result(
            ("Mind Reading", 0.84, [span(TEXT, FIRST)]),
            ("Overgeneralization", 0.62, [both]),
            PERSON=2,
            PHONE_NUMBER=1,
            SHOE_SIZE=1,
        ),
    }


def test_each_label_comes_back_with_its_sentence_score_and_explanation(
    page: Page, gateway: StubGateway
) -> None:
    answer_with_two_labels(gateway)
    write(page, TEXT)
    patterns = page.locator(".pattern")
    expect(patterns).to_have_count(2)
    expect(patterns.first).to_contain_text("Mind Reading84%")
    expect(patterns.first).to_contain_text("although nobody has said so")
    assert page.locator("#shown-text").text_content() == TEXT
    assert marked(page, 0) == FIRST
    assert marked(page, 1) == f"{FIRST} {SECOND}"
    expect(page.locator("#status-line")).to_have_text("It is back: 2 patterns found.")
    assert list(gateway.texts.values()) == [TEXT]


def test_the_underlines_of_labels_that_overlap_do_not_cover_one_another(
    page: Page, gateway: StubGateway
) -> None:
    answer_with_two_labels(gateway)
    write(page, TEXT)
    layers = page.locator("#shown-text .sentence").first.locator(".layer")
    expect(layers).to_have_count(2)
    outer, inner = layers.nth(0).bounding_box(), layers.nth(1).bounding_box()
    assert outer
    assert inner
    assert outer["y"] + outer["height"] >= inner["y"] + inner["height"] + 3


def test_what_was_redacted_is_told_by_type_and_number(page: Page, gateway: StubGateway) -> None:
    answer_with_two_labels(gateway)
    write(page, TEXT)
    chips = page.locator(".chips li")
    expect(chips).to_have_text(["2 names", "1 phone number", "1 shoe size"])


def test_a_label_and_its_sentence_point_at_each_other(page: Page, gateway: StubGateway) -> None:
    answer_with_two_labels(gateway)
    write(page, TEXT)
    patterns, sentences = page.locator(".pattern"), page.locator("#shown-text .sentence")
    patterns.nth(1).hover()
    expect(sentences.nth(0).locator('.layer[data-label="1"]')).to_have_class(re.compile(r"\bon\b"))
    expect(sentences.nth(0).locator('.layer[data-label="0"]')).not_to_have_class(
        re.compile(r"\bon\b")
    )
    sentences.nth(1).focus()
    expect(patterns.nth(1)).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press("Enter")
    expect(patterns.nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(patterns.nth(1).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(0, 0)
    page.locator("#another").focus()
    expect(sentences.nth(1).locator(".layer")).to_have_class(re.compile(r"\bon\b"))


def test_a_label_without_explanation_or_evidence_is_told_all_the_same(
    page: Page, gateway: StubGateway
) -> None:
    gateway.outcome = {"status": "done", "result": result(("New Pattern", 0.7, []))}
    write(page, "Something.")
    expect(page.locator(".pattern")).to_contain_text("Found in the entry as a whole.")
    expect(page.locator("#shown-text .sentence")).to_have_count(0)


def test_no_pattern_is_told_calmly_and_help_is_always_named(page: Page) -> None:
    write(page, "We played cards.")
    expect(page.locator(".calm")).to_contain_text("No pattern found")
    expect(page.locator(".redactions")).to_contain_text("no personal details were recognized")
    help_ = page.get_by_role("contentinfo")
    expect(help_).to_contain_text("call your local emergency number")
    expect(help_.get_by_role("link")).to_have_attribute("href", "https://findahelpline.com/")


def test_an_entry_is_seen_to_wait_to_be_read_and_to_come_back(
    page: Page, gateway: StubGateway
) -> None:
    gateway.answered.clear()
    write(page, "Long day.")
    line = page.locator("#status-line")
    expect(line).to_have_text("It waits for a worker, with 2 others.")
    assert gateway.live
    gateway.live = gateway.live | {"workers": 0}
    expect(line).to_contain_text("no worker is there at the moment")
    gateway.live = gateway.live | {"workers": 2, "waiting": 0}
    expect(line).to_have_text("A worker is reading it.")
    gateway.answered.set()
    expect(line).to_have_text("It is back: no pattern found.")
    expect(page.locator("#track")).to_be_hidden()
    assert line.get_attribute("role") == "status"


def test_an_entry_is_taken_back_while_it_waits(page: Page, gateway: StubGateway) -> None:
    gateway.answered.clear()
    write(page, "Rather not.")
    page.click("#cancel")
    expect(page.locator("#status-line")).to_have_text("Taken back. Nothing of it was kept.")
    expect(page.locator("#text")).to_have_value("Rather not.")
    expect(page.locator("#text")).to_be_focused()
    assert gateway.cancelled == set(gateway.texts)


def test_characters_are_counted_as_the_gateway_counts_them(
    page: Page, gateway: StubGateway
) -> None:
    page.fill("#text", "🌧️" * 25_000)
    expect(page.locator("#counter")).to_have_text("50,000 of 50,000 characters")
    expect(page.locator("#text-error")).to_be_hidden()
    page.fill("#text", "🌧️" * 25_000 + "!")
    page.click("#send")
    expect(page.locator("#text-error")).to_have_text("That is 1 character too many.")
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "")
    assert not gateway.texts


@pytest.mark.parametrize("text", ["", " \n "])
def test_nothing_written_is_nothing_sent(page: Page, gateway: StubGateway, text: str) -> None:
    write(page, text)
    expect(page.locator("#text-error")).to_have_text("Please write something first.")
    expect(page.locator("#text")).to_be_focused()
    assert not gateway.texts


def test_examples_take_turns_and_can_be_sent(page: Page, gateway: StubGateway) -> None:
    page.click("#example")
    first = page.input_value("#text")
    page.click("#example")
    assert page.input_value("#text") != first
    page.click("#send")
    expect(page.locator(".calm")).to_be_visible()
    page.click("#edit")
    expect(page.locator("#text")).to_have_value(next(iter(gateway.texts.values())))
    page.click("#send")
    page.click("#another")
    expect(page.locator("#text")).to_have_value("")


def test_what_an_entry_holds_is_never_taken_for_markup(page: Page, gateway: StubGateway) -> None:
    text = "<img src=x onerror=alert(1)> & <b>bold</b>"
    gateway.outcome = {
        "status": "done",
        "result": result(("<i>Label</i>", 0.5, [(0, 10)]), **{"<U>": 1}),
    }
    write(page, text)
    expect(page.locator(".pattern .name")).to_have_text("<i>Label</i>")
    assert page.locator("#shown-text").text_content() == text
    assert page.locator("main img, main b, main i, main u").count() == 0


def test_two_tabs_work_side_by_side(visitor: Visitor, gateway: StubGateway) -> None:
    one, two = visitor.open(), visitor.open()
    gateway.answered.clear()
    write(one, "The first.")
    write(two, "The second.")
    two.click("#cancel")
    expect(two.locator("#status-line")).to_contain_text("Taken back")
    gateway.answered.set()
    expect(one.locator(".calm")).to_be_visible()
    assert one.locator("#shown-text").text_content() == "The first."
    expect(two.locator("#text")).to_have_value("The second.")
    assert len(gateway.texts) == 2


def test_nothing_is_stored_in_the_browser(page: Page, gateway: StubGateway) -> None:
    answer_with_two_labels(gateway)
    write(page, TEXT)
    expect(page.locator(".pattern")).to_have_count(2)
    stored = page.evaluate(
        """async () => [
            localStorage.length, sessionStorage.length, document.cookie,
            (await indexedDB.databases()).length, (await caches.keys()).length, history.state,
            (await navigator.serviceWorker.getRegistrations()).length, location.hash,
        ]"""
    )
    assert stored == [0, 0, "", 0, 0, None, 0, ""]
    assert page.context.cookies() == []
    page.reload()
    expect(page.locator("#key-form")).to_be_visible()
    expect(page.locator("#text")).to_have_value("")


def test_every_shipped_label_is_explained_in_one_sentence() -> None:
    explanations = json.loads((PACKAGE / "explanations.json").read_text(encoding="utf-8"))
    model = PACKAGE.parents[1] / "worker/models/distortions/config.json"
    labels = json.loads(model.read_text(encoding="utf-8"))["label2id"]
    assert explanations.keys() == labels.keys()
    for sentence in explanations.values():
        assert re.fullmatch(r"[A-Z][^.!?]{20,110}\.", sentence), sentence
