"""A pipeline for each test of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.child.pipeline_support import Desk

if TYPE_CHECKING:
    from producer.sealing import KeySet


@pytest.fixture
def desk(keys: KeySet) -> Desk:
    return Desk(keys)
