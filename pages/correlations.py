"""Does this input move that output? All pairs, and one pair in depth."""

from metrics import ui

page = ui.page("Correlations")
if page.empty:
    ui.nothing_loaded(page)

ui.bar(page)
ui.open_metric(page, ui.correlations(page))
