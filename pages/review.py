"""What happened this week? Page 0, then the deck in the order the room reads it."""

from metrics import ui

page = ui.page("Review")
if page.empty:
    ui.nothing_loaded(page)

deck = page.deck()
ui.bar(page, deck)
if ui.presenting():
    ui.meeting(page, deck)
elif ui.working():
    ui.open_metric(page, ui.week_view(page))
else:
    asked = ui.sheet(ui.deck_html(page.house, deck, ui.view()), key="sheet", weeks=True)
    ui.step(page, asked.step)
    ui.open_metric(page, asked.metric)
