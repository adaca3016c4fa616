"""The second tab: figures and charts, read while somebody looks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.producer.gateway.page.stub import StubGateway


@pytest.fixture
def live(page: Page) -> Page:
    """The tab, with a clock that the test moves."""
    page.clock.install()
    page.click("#tab-live")
    expect(page.locator("#live-line")).to_have_text("Up to date.")
    return page


def values(page: Page) -> dict[str, list[str]]:
    return {
        figure.locator("h2").inner_text(): figure.locator(".value").all_inner_texts()
        for figure in page.locator(".figure").all()
    }


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_figures_are_shown_with_their_last_minutes(live: Page, gateway: StubGateway) -> None:
    assert gateway.live
    gateway.live = gateway.live | {"waiting": 1_200, "rate": 0.0512, "p95": 2.31}
    live.clock.run_for(1_000)
    expect(live.locator(".figure").first.locator(".value")).to_have_text("1,200")
    assert values(live) == {
        "Waiting": ["1,200"],
        "Being read": ["8"],
        "Answered": ["0.0512"],
        "Time to the answer": ["84 ms", "2.3 s"],
        "Workers": ["2"],
        "Dead letters": ["0"],
    }
    picture = live.get_by_role("img", name="Waiting: 1,200, most 1,200 in two minutes, entries")
    assert picture.locator(".line").get_attribute("d")


def test_an_unknown_figure_is_not_a_zero(live: Page, gateway: StubGateway) -> None:
    assert gateway.live
    gateway.live = gateway.live | {"rate": None, "p50": None, "p95": None}
    live.clock.run_for(1_000)
    expect(live.locator(".figure").nth(2).locator(".value")).to_have_text("–")
    assert values(live)["Time to the answer"] == ["–", "–"]


def asked_in_ten_seconds(page: Page) -> bool:
    """Whether figures are asked for in the next ten seconds of the page's clock."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10_000)
    # What was asked before this is told before it.
    with page.expect_request("**/icon.svg?last"):
        page.evaluate("void fetch('page/icon.svg?last')")
    return any(url.endswith("/v1/live") for url in asked)


def test_nothing_is_asked_while_nobody_looks(live: Page) -> None:
    assert asked_in_ten_seconds(live)
    hide(live, hidden=True)
    assert not asked_in_ten_seconds(live)
    with live.expect_response("**/v1/live"):
        hide(live, hidden=False)
    live.click("#tab-write")
    assert not asked_in_ten_seconds(live)


def test_a_pause_is_a_gap_in_the_chart(live: Page) -> None:
    line = live.locator(".figure").first.locator(".line")
    assert (line.get_attribute("d") or "").count("M") == 1
    hide(live, hidden=True)
    live.clock.run_for(20_000)
    hide(live, hidden=False)
    expect(line).to_have_attribute("d", re.compile(r"^M[^M]+M[^M]+$"))


def test_old_figures_are_told_as_old(live: Page, gateway: StubGateway) -> None:
    gateway.live = None
    for _ in range(5):
        live.clock.run_for(1_000)
    expect(live.locator("#live-line")).to_have_text("The gateway has no figures now (503).")
    expect(live.locator("#live-age")).to_contain_text("seconds ago")


def test_figures_that_never_change_their_time_are_old(live: Page, gateway: StubGateway) -> None:
    assert gateway.live
    gateway.live = gateway.live | {"at": "2026-11-28T12:00:00Z"}
    for _ in range(6):
        live.clock.run_for(1_000)
    expect(live.locator("#live-line")).to_have_text("These figures are old.")


def test_figures_come_again_after_the_gateway_restarts(live: Page, gateway: StubGateway) -> None:
    gateway.stop()
    for _ in range(5):
        live.clock.run_for(1_000)
    expect(live.locator("#live-line")).to_contain_text("The gateway cannot be reached")
    gateway.start()
    live.clock.run_for(1_000)
    expect(live.locator("#live-line")).to_have_text("Up to date.")
