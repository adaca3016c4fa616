"""A real Chromium, a stand-in for the gateway, and pages that must stay within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from deploy.local.browser import chromium
from tests import needs
from tests.producer.gateway.page.browser import Visitor
from tests.producer.gateway.page.stub import StubGateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

expect.set_options(timeout=15_000)


# Not for the session: while Playwright runs, this thread has an event loop, and asynchronous tests
# elsewhere could not have theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium(needs.program("chromium")) as started:
        yield started


@pytest.fixture
def gateway() -> Iterator[StubGateway]:
    stub = StubGateway()
    yield stub
    stub.stop()


@pytest.fixture
def visitor(browser: Browser, gateway: StubGateway) -> Iterator[Visitor]:
    """Opens pages; the test fails if one of them made a mistake or asked anybody else."""
    one = Visitor(browser, gateway.url)
    yield one
    one.leave()


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page with a key that the gateway knows."""
    return visitor.open()
