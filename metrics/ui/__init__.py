"""The dashboard: one frame around every page, and what pages are composed of.

A page asks `ui.page(...)` in its first line and then composes; nothing here or there computes.
"""

from metrics.ui.bar import bar, step
from metrics.ui.frame import Page, main, nothing_loaded, open_metric, page
from metrics.ui.loading import freshness, load_now, loads, refused, take_back, upload
from metrics.ui.meeting import meeting, presenting
from metrics.ui.one_metric import (
    all_metrics,
    beliefs_and_origins,
    definition_and_chart,
    history,
    picked_metric,
)
from metrics.ui.opened import deck_html
from metrics.ui.server import serve
from metrics.ui.sheet import sheet
from metrics.ui.signal_view import signals

__all__ = [
    "Page",
    "all_metrics",
    "bar",
    "beliefs_and_origins",
    "deck_html",
    "definition_and_chart",
    "freshness",
    "history",
    "load_now",
    "loads",
    "main",
    "meeting",
    "nothing_loaded",
    "open_metric",
    "page",
    "picked_metric",
    "presenting",
    "refused",
    "serve",
    "sheet",
    "signals",
    "step",
    "take_back",
    "upload",
]
