"""What happened this week? Page 0, then the deck in the order the room reads it."""

from metrics import ui

page = ui.page("Review")
if page.empty:
    ui.nothing_loaded(page)

deck = page.deck()
ui.bar(page)
if ui.presenting():
    ui.meeting(page, deck)
else:
    part = ui.segment(page)
    frozen = ui.views(page, deck, ui.week_line(page), part)
    if part is not None:
        ui.hint(ui.left_out(page, part))
        shown = ui.review(part, part.deck(), ui.part_view(), frozen=False)
        asked = ui.sheet(shown, key="sheet", weeks=True)
        ui.step(page, asked.step)
        ui.open_metric(page, asked.metric)
    elif ui.view() == "week":
        ui.open_metric(page, ui.week_view(page))
    else:
        looked = ui.view()
        shown = ui.changes(page) if looked == "changes" else ui.review(page, deck, looked, frozen=frozen)
        asked = ui.sheet(shown, key="sheet", weeks=True)
        ui.step(page, asked.step)
        ui.open_metric(page, asked.metric)
