"""Opens the page in Chromium and watches what it does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.producer.gateway.page.stub import KEY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TIMEOUT_MS = 15_000


class Visitor:
    """Somebody with a browser; all pages of one visitor share a profile.

    Args:
        options: of the browser's context, such as `color_scheme` and `viewport`.
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self._url = url
        self._context = browser.new_context(**options)
        self._context.set_default_timeout(TIMEOUT_MS)
        self._mistakes: list[str] = []
        self._context.on("weberror", lambda error: self._mistakes.append(str(error.error)))
        self._context.on("console", self._listen)
        self._context.on("request", self._watch)

    def open(self, key: str | None = KEY, *, known: bool = True) -> Page:
        """A new page; the key comes by the address.

        Args:
            key: None: the page is opened without one.
            known: whether the gateway knows it; then the page is ready when this returns.
        """
        page = self._context.new_page()
        page.goto(self._url + (f"#key={key}" if key else ""))
        if key and known:
            page.locator("#change-key").wait_for()
        return page

    def leave(self) -> None:
        """Close the browser's window.

        Raises:
            AssertionError: a page broke its content policy, had an error or asked another host.
        """
        self._context.close()
        assert not self._mistakes

    def _listen(self, message: Any) -> None:
        # A refusal or an outage is told by the browser, and is what tests are about.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self._mistakes.append(message.text)

    def _watch(self, request: Any) -> None:
        if not request.url.startswith(self._url):
            self._mistakes.append(f"asked for {request.url}")


def write(page: Page, text: str) -> None:
    """Write an entry and send it."""
    page.fill("#text", text)
    page.click("#send")


def span(text: str, sentence: str) -> tuple[int, int]:
    """Where a sentence stands in a text, in code points, as Python counts."""
    start = text.index(sentence)
    return start, start + len(sentence)
