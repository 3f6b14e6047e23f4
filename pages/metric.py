"""How is this one metric doing? Its definition, chart, signals, history, and where its numbers come from."""

from metrics import ui

page = ui.page("Metric")
if page.empty:
    ui.nothing_loaded(page)

ui.bar(page)
metric = ui.picked_metric(page)
if metric is None:
    asked = ui.sheet(ui.all_metrics(page), key="metrics", weeks=True)
    ui.step(page, asked.step)
    ui.open_metric(page, asked.metric)
else:
    top = ui.sheet(ui.definition_and_chart(page, metric), key="chart", weeks=True)
    said = ui.this_week(page, metric)
    ui.signals(page, metric)
    ui.drivers(page, metric)
    ui.history(page, metric)
    below = ui.sheet(ui.beliefs_and_origins(page, metric), key="origins")
    ui.step(page, top.step)
    ui.open_metric(page, top.metric or said or below.metric)
