"""Are we on track? Every goal, where it lands, and the status finance set beside what is proposed."""

from metrics import ui

page = ui.page("Goals")
if page.empty:
    ui.nothing_loaded(page)

ui.bar(page)
goals = ui.goal_tracks(page)
asked = ui.all_goals(page, goals)
ui.one_goal(page, goals)
ui.step(page, asked.step)
ui.open_metric(page, asked.metric)
