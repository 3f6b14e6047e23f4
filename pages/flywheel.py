"""What do we believe, does it hold? The flywheel of the week, its links and their evidence."""

from metrics import ui

page = ui.page("Flywheel")
if page.empty:
    ui.nothing_loaded(page)

ui.bar(page)
ui.open_metric(page, ui.flywheel(page))
