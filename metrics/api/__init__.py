"""The review for other programs: read over HTTP, told by an assistant, pushed to by a source.

`app` is mounted beside the dashboard; `tools` serves the same answers to assistants.
"""

from metrics.api.http import Limits, app
from metrics.api.pace import Pace

__all__ = ["Limits", "Pace", "app"]
