"""The application: its routes and what surrounds them, put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from producer.errors import JournalError
from producer.gateway.api import entries, events, live
from producer.gateway.api.access import RateLimiter, gateway_of
from producer.gateway.api.bounds import Bounds
from producer.gateway.api.problems import (
    ProblemError,
    on_error,
    on_http_exception,
    on_invalid_request,
    on_problem,
    retry_later,
)
from producer.gateway.entry import NewEntries, NewEntry
from producer.operations.base import raise_for_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

    from starlette.types import ASGIApp, Scope

    from producer.gateway.context import Gateway
    from producer.operations.base import Operation

PAGE = Path(str(files("producer.gateway"))) / "page"
_REFS = "#/components/schemas/{model}"
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

plain = APIRouter(include_in_schema=False)


class _Page(StaticFiles):
    """The files of the page; browsers ask whether they changed, so an update counts at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(gateway: Gateway) -> ASGIApp:
    """The whole application of one process.

    Raises:
        ConfigurationError: the rate in the settings is none.
    """
    limiter = RateLimiter(gateway)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await gateway.start()
        try:
            yield
        finally:
            await gateway.stop()

    app = _routes(life)
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            gateway.metrics.expect(method.upper(), path, operation["responses"])
    app.state.gateway = gateway
    app.state.limiter = limiter
    app.state.sampler = live.Sampler(gateway)
    return Bounds(app, gateway)


#: FastAPI's own spans and logs may hold bodies and messages of exceptions, and so texts. They would
#: go out where somebody sets up OpenTelemetry for the whole process; ours go out all the same.
_NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    return _routes(None).openapi()


def _routes(life: Any) -> FastAPI:
    # No pages of documentation: they load scripts from elsewhere. The document is served.
    app = FastAPI(
        title="journal-gateway",
        version="1",
        summary="Cognitive distortions in journal entries, by HTTP.",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        exception_handlers={
            ProblemError: on_problem,
            HTTPException: on_http_exception,
            RequestValidationError: on_invalid_request,
            Exception: on_error,
        },
    )
    for router in (entries.router, events.router, live.router, plain):
        app.include_router(router)
    if PAGE.is_dir():
        app.mount("/page", _Page(directory=PAGE))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=app.routes,
            servers=[{"url": "/"}],
        )
        models = [(NewEntry, "validation"), (NewEntries, "validation")]
        _, schemas = models_json_schema(models, ref_template=_REFS)  # type: ignore[arg-type]
        parts: MutableMapping[str, Any] = document["components"]["schemas"]
        parts.update(schemas["$defs"])
        for name in ("HTTPValidationError", "ValidationError"):
            parts.pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema


@plain.get("/")
async def page() -> Response:
    """The page."""
    file = PAGE / "index.html"
    if not file.is_file():
        raise ProblemError(HTTPStatus.NOT_FOUND, "the page is not installed")
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


@plain.get("/healthz")
async def healthz() -> Response:
    """Whether the process lives."""
    return PlainTextResponse("ok\n")


@plain.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether requests should be sent to this process: one of several shards is enough."""
    gateway = gateway_of(request)
    if gateway.draining:
        raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "this process ends", 1)
    asked = {name: _ping() for name in gateway.deliveries}
    outcomes = await gateway.fleet.outcomes(asked, gateway.limit)
    if all(isinstance(outcome, JournalError) for outcome in outcomes.values()):
        raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "the queue cannot be reached")
    return PlainTextResponse("ready\n")


@plain.get("/metrics")
async def metrics(request: Request) -> Response:
    """What the process counts, for Prometheus."""
    return Response(gateway_of(request).metrics.page(), media_type=_METRICS_TYPE)


def _ping() -> Operation[None]:
    raise_for_errors((yield [("PING",)]))
