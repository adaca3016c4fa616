"""What of the server's set-up needs mending: in the log of a worker's start, and as a gauge."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from prometheus_client.core import GaugeMetricFamily

from producer.connection import Limit, connect, execute
from producer.errors import JournalError
from producer.findings import Level
from producer.operations.store import check_store, look_at_store, store_of

if TYPE_CHECKING:
    from producer.settings import Settings

log = logging.getLogger(__name__)


def log_findings(settings: Settings) -> None:
    """Log a warning, with its remedy, for each thing about the server that needs mending."""
    client = connect(settings.only_url, retries=0)
    try:
        findings = execute(client, look_at_store(settings), Limit(settings.timeout_seconds))
    except JournalError as exc:
        log.warning("how Redis is set up cannot be seen: %s", exc)
        return
    finally:
        client.close()
    for finding in findings:
        if finding.is_problem:
            log.warning("Redis (%s): %s %s", finding.check, finding.text, finding.remedy)


def warnings_gauge(info: Any, fsync: Any, min_replicas: int) -> GaugeMetricFamily:
    """The gauge with the findings of all checks, by the replies to `INFO` and `FSYNC`."""
    gauge = GaugeMetricFamily(
        "journal_store_warning",
        "1 where the set-up of Redis needs mending, 0 where it is fine, NaN where it is not known",
        labels=["check"],
    )
    for finding in check_store(store_of(info, fsync, min_replicas)):
        unknown = finding.level is Level.SKIPPED
        gauge.add_metric([finding.check], math.nan if unknown else float(finding.is_problem))
    return gauge
