"""Building blocks of a Grafana dashboard: panels that carry the defaults we want everywhere."""

from __future__ import annotations

from typing import Any

Panel = dict[str, Any]
#: (width in columns of 24, panel)
Placed = tuple[int, Panel]
#: (title, height of a line of panels, panels)
Row = tuple[str, int, list[Placed]]
#: (PromQL, legend)
Query = tuple[str, str]
#: (from this value on, colour); the first applies from minus infinity on.
Step = tuple[float | None, str]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
RED, AMBER, GREEN = "red", "orange", "green"
CALM: tuple[Step, ...] = ((None, GREEN),)


def stat(
    title: str, query: str, text: str, *, unit: str = "short", steps: tuple[Step, ...] = CALM
) -> Panel:
    """One figure with its recent course; the colour says whether to worry."""
    panel = _panel("stat", title, text, unit, queries=[(query, "")], steps=steps)
    panel["options"] = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto",
        "justifyMode": "auto",
        "orientation": "auto",
    }
    return panel


def graph(
    title: str,
    queries: list[Query],
    text: str,
    *,
    unit: str = "short",
    steps: tuple[Step, ...] = CALM,
    stack: bool = False,
) -> Panel:
    """Lines over time; stacked areas where the sum has a meaning; thresholds drawn as lines."""
    panel = _panel("timeseries", title, text, unit, queries=queries, steps=steps)
    panel["fieldConfig"]["defaults"] |= {
        "min": 0,
        "color": {"mode": "palette-classic"},
        "custom": {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 40 if stack else 8,
            "showPoints": "never",
            "spanNulls": 60_000,
            "stacking": {"mode": "normal" if stack else "none", "group": "A"},
            "thresholdsStyle": {"mode": "off" if steps is CALM else "dashed"},
        },
    }
    panel["options"] = {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "showLegend": True,
            "calcs": ["mean", "max", "lastNotNull"],
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel


def heatmap(title: str, query: str, text: str, *, unit: str) -> Panel:
    """Where the values of a histogram lie, and how that moves."""
    panel = _panel("heatmap", title, text, unit, queries=[(query, "{{le}}")], steps=CALM)
    panel["targets"][0]["format"] = "heatmap"
    panel["options"] = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5},
        "yAxis": {"unit": unit},
        "rowsFrame": {"layout": "auto"},
        "tooltip": {"mode": "single", "yHistogram": True},
        "legend": {"show": True},
        "showValue": "never",
    }
    return panel


def table(title: str, query: str, text: str, columns: dict[str, str]) -> Panel:
    """The labels of the current series, as rows; `columns` maps a label to its heading."""
    panel = _panel("table", title, text, "short", queries=[(query, "")], steps=CALM)
    panel["targets"][0] |= {"format": "table", "instant": True, "range": False}
    panel["options"] = {"showHeader": True, "cellHeight": "sm"}
    panel["transformations"] = [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "indexByName": {name: place for place, name in enumerate(columns)},
                "renameByName": columns,
            },
        },
    ]
    return panel


def lay_out(rows: list[Row]) -> list[Panel]:
    """Number the panels and place them row by row."""
    placed: list[Panel] = []
    y = 0
    for title, height, panels in rows:
        placed.append(
            {
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
        )
        x, y = 0, y + 1
        for width, panel in panels:
            if x + width > WIDTH:
                x, y = 0, y + height
            placed.append(panel | {"gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x += width
        y += height
    return [{"id": number, **panel} for number, panel in enumerate(placed, start=1)]


def _panel(
    kind: str, title: str, text: str, unit: str, *, queries: list[Query], steps: tuple[Step, ...]
) -> Panel:
    return {
        "type": kind,
        "title": title,
        "description": text,
        "datasource": DATASOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"value": value, "color": colour} for value, colour in steps],
                },
            },
            "overrides": [],
        },
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": DATASOURCE,
                "expr": query,
                "legendFormat": legend or "__auto",
                "range": True,
            }
            for place, (query, legend) in enumerate(queries)
        ],
    }
