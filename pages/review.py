"""What happened this week? Page 0, then the deck in the order the room reads it."""

from metrics import ui

page = ui.page("Review")
if page.empty:
    ui.nothing_loaded(page)

deck = page.deck()
ui.bar(page, deck)
if ui.presenting():
    ui.meeting(page, deck)
else:
    frozen = ui.views(ui.week_line(page), published=ui.published(page, deck))
    if ui.view() == "week":
        ui.open_metric(page, ui.week_view(page))
    else:
        asked = ui.sheet(ui.review(page, deck, ui.view(), frozen=frozen), key="sheet", weeks=True)
        ui.step(page, asked.step)
        ui.open_metric(page, asked.metric)
