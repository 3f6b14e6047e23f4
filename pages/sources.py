"""How is this one metric doing?"""

from metrics import ui

page = ui.page("Metric")
