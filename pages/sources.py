"""Can I trust the numbers? What was loaded, how fresh it is, what was refused."""

from metrics import ui

page = ui.page("Sources")

ui.load_now(page)
ui.sheet(ui.freshness(page), key="sources")
ui.upload(page)
ui.imports(page)
if not page.empty:
    ui.sheet(ui.loads(page), key="loads")
    ui.refused(page)
    ui.take_back(page)
if sent := ui.deliveries(page):
    ui.sheet(sent, key="deliveries")
