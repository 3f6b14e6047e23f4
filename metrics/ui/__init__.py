"""The dashboard: one frame around every page, and what pages are composed of.

A page asks `ui.page(...)` in its first line and then composes; nothing here or there computes.
"""

from metrics.ui.bar import bar, part_view, step, view, views
from metrics.ui.changes_view import changes
from metrics.ui.correlations_view import correlations
from metrics.ui.driver_view import drivers
from metrics.ui.flywheel_view import flywheel
from metrics.ui.frame import Page, hint, main, nothing_loaded, open_metric, page
from metrics.ui.goal_view import all_goals, one_goal
from metrics.ui.goal_view import tracks as goal_tracks
from metrics.ui.importing import imports
from metrics.ui.loading import freshness, load_now, loads, refused, take_back, upload
from metrics.ui.meeting import meeting, presenting, review
from metrics.ui.my_metrics import my_metrics, quarter
from metrics.ui.one_metric import (
    all_metrics,
    beliefs_and_origins,
    definition_and_chart,
    history,
    picked_metric,
)
from metrics.ui.owning import owner_changes, owners_table, owners_view
from metrics.ui.people_view import change_roles, roles
from metrics.ui.segment import left_out, segment
from metrics.ui.sent_view import deliveries
from metrics.ui.server import serve
from metrics.ui.sheet import sheet
from metrics.ui.signal_view import signals
from metrics.ui.this_week import this_week
from metrics.ui.week_view import week_line, week_view

__all__ = [
    "Page",
    "all_goals",
    "all_metrics",
    "bar",
    "beliefs_and_origins",
    "change_roles",
    "changes",
    "correlations",
    "definition_and_chart",
    "deliveries",
    "drivers",
    "flywheel",
    "freshness",
    "goal_tracks",
    "hint",
    "history",
    "imports",
    "left_out",
    "load_now",
    "loads",
    "main",
    "meeting",
    "my_metrics",
    "nothing_loaded",
    "one_goal",
    "open_metric",
    "owner_changes",
    "owners_table",
    "owners_view",
    "page",
    "part_view",
    "picked_metric",
    "presenting",
    "quarter",
    "refused",
    "review",
    "roles",
    "segment",
    "serve",
    "sheet",
    "signals",
    "step",
    "take_back",
    "this_week",
    "upload",
    "view",
    "views",
    "week_line",
    "week_view",
]
