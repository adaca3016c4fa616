"""The OpenAPI document: what it says, and that nothing it allows breaks the gateway."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import schemathesis
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from prometheus_client.parser import text_string_to_metric_families

from producer.gateway.api.app import openapi
from producer.gateway.cli import main
from producer.gateway.entry import EXAMPLE, Entry, NewEntries, NewEntry

if TYPE_CHECKING:
    import httpx2
    import redis

    from tests.producer.gateway.support import Running


def test_the_document_has_examples_that_fit_and_names_every_problem(app: httpx2.Client) -> None:
    document = app.get("/openapi.json").json()
    printed = CliRunner().invoke(main, ["openapi"])
    assert json.loads(printed.stdout) == document
    body = document["paths"]["/v1/entries"]["post"]["requestBody"]["content"]["application/json"]
    examples = {name: one["value"] for name, one in body["examples"].items()}
    NewEntry.model_validate(examples["one"])
    NewEntries.model_validate(examples["several"])
    assert json.loads(Entry.model_validate(EXAMPLE).encode())["id"] == EXAMPLE["id"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert {"401", "429", "503"} <= set(operation["responses"]), (method, path)
            assert operation["security"] == [{"API key": []}]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])


def test_nothing_that_the_document_allows_breaks_the_gateway(
    running: Running, app_key: str, raw: redis.Redis
) -> None:
    schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json")
    headers = {"Authorization": f"Bearer {app_key}"}
    tried = []

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path == "/v1/results":
            continue  # its stream does not end; what is wrong there ends at once

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            case.query.pop("wait", None)
            answer = case.call(headers=headers, timeout=10)
            tried.append(answer.status_code)
            assert answer.status_code < 500, answer.text

        ask()
    assert len(tried) > 20


def test_metrics_exist_from_the_start_and_their_labels_are_few(app: httpx2.Client) -> None:
    first = {one.name for one in text_string_to_metric_families(app.get("/metrics").text)}
    assert first >= {
        "journal_gateway_requests",
        "journal_gateway_request_seconds",
        "journal_gateway_refused",
        "journal_gateway_results",
        "journal_gateway_webhooks",
        "journal_gateway_errors",
        "journal_gateway_requests_open",
        "journal_gateway_waits_open",
        "journal_gateway_streams_open",
    }
    for method in ("PROPFIND", "LINK", "MKCOL", "SEARCH"):
        app.get(f"/v1/entries/{method}")
        app.get(f"/nowhere/{method}")
        app.request(method, "/v1/labels")
        app.request(method, f"/{method}")
    figures = app.get("/metrics").text
    (requests,) = [
        one
        for one in text_string_to_metric_families(figures)
        if one.name == "journal_gateway_requests"
    ]
    labels = {tuple(one.labels.values()) for one in requests.samples}
    assert ("GET", "/v1/entries/{entry_id}", "404") in labels
    documented = {
        (method.upper(), path, status)
        for path, operations in openapi()["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }
    assert labels >= documented, "a counter that is born at 1 shows no increase"
    assert len(labels - documented) < 8
    assert '"app"' not in figures
