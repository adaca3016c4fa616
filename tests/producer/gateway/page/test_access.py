"""For everybody: screen readers, keyboards, narrow screens, dark rooms, people who get dizzy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.producer.gateway.page.browser import Visitor, span, write
from tests.producer.gateway.page.stub import StubGateway, result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

TEXT = "They laughed, so they hate me. It always ends like this."
AXE = Axe()


@pytest.fixture(params=["light", "dark"])
def narrow(
    request: pytest.FixtureRequest, browser: Browser, gateway: StubGateway
) -> Iterator[Page]:
    """A phone, in both colour schemes, still without a key."""
    phone = {"width": 360, "height": 740}
    visitor = Visitor(
        browser, gateway.url, viewport=phone, color_scheme=request.param, reduced_motion="reduce"
    )
    yield visitor.open(key=None)
    visitor.leave()


def check(page: Page) -> None:
    """No violation that axe finds, and nothing wider than the screen."""
    # In the dark the colours are others, and nothing else.
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    rules = {"runOnly": ["color-contrast"]} if dark else {}
    found = AXE.run(page, options={"resultTypes": ["violations"], **rules})
    assert not found.violations_count, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert page.evaluate("document.getAnimations().length") == 0


def test_every_state_is_fit_for_screen_readers_and_phones(
    narrow: Page, gateway: StubGateway
) -> None:
    check(narrow)
    narrow.fill("#key", "jsk_demo_c2VjcmV0")
    narrow.keyboard.press("Enter")
    expect(narrow.locator("#key-form")).to_be_hidden()
    gateway.outcome["result"] = result(
        ("Mind Reading", 0.84, [span(TEXT, "They laughed, so they hate me.")]),
        ("Overgeneralization", 0.62, [(0, len(TEXT))]),
        PERSON=1,
    )
    gateway.answered.clear()
    write(narrow, TEXT)
    expect(narrow.locator("#status-line")).to_contain_text("It waits")
    check(narrow)
    gateway.answered.set()
    expect(narrow.locator(".pattern")).to_have_count(2)
    narrow.locator("summary").click()
    narrow.locator(".pattern button").first.click()
    check(narrow)
    narrow.click("#another")
    narrow.click("#send")
    check(narrow)
    gateway.refusals = [(503, {"Retry-After": "600"}, "full")]
    write(narrow, TEXT)
    expect(narrow.locator("#try-now")).to_be_visible()
    check(narrow)
    narrow.clock.install()
    narrow.click("#tab-live")
    expect(narrow.locator("#live-line")).to_have_text("Up to date.")
    check(narrow)
    gateway.stop()
    narrow.clock.run_for(5_000)
    expect(narrow.locator(".old")).to_be_visible()
    check(narrow)


def test_everything_can_be_done_with_the_keyboard(page: Page, gateway: StubGateway) -> None:
    gateway.outcome["result"] = result(("Mind Reading", 0.84, [(0, 30)]))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(TEXT)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".pattern")).to_have_count(1)
    expect(page.locator("#entry-heading")).to_be_focused()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert reached == ["edit", "another", "sentence", "pattern-name", ""]


def test_tabs_follow_the_arrows(page: Page) -> None:
    write_, live = page.locator("#tab-write"), page.locator("#tab-live")
    write_.focus()
    page.keyboard.press("ArrowRight")
    expect(live).to_be_focused()
    expect(live).to_have_attribute("aria-selected", "true")
    expect(write_).to_have_attribute("tabindex", "-1")
    expect(page.locator("#panel-live")).to_be_visible()
    expect(page.locator("#panel-write")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(write_).to_be_focused()
    page.keyboard.press("End")
    expect(live).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator("#panel-write")).to_be_visible()


def test_the_focus_is_always_seen(page: Page) -> None:
    for selector in ("#tab-write", "#example", "#send", "#change-key"):
        page.locator(selector).focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        focused = page.locator(f"{selector}:focus-visible")
        assert focused.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
