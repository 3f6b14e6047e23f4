"""Who answers for what? The own metrics of a day, who owns which metric, and hand-overs."""

from metrics import ui

page = ui.page("Owners")

ui.bar(page)
view = ui.owners_view(page)
if view == "mine":
    asked = ui.my_metrics(page)
elif view == "quarter":
    asked = ui.quarter(page)
elif view == "changes":
    asked = ui.owner_changes(page)
else:
    asked = ui.owners_table(page)
ui.open_metric(page, asked)
