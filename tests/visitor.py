"""What a browser is to the server, without drawing: a websocket that speaks Streamlit's protocol.

A visitor opens a page, takes every message until the server says that the page is whole, and knows the
widgets by the keys that the code gave them; it types and clicks as the browser would. Fifty of them fit into
one process, so that a meeting can be tried on the machine of the server.
"""

import gzip
import json
import re
import time
from collections.abc import Iterator
from html import unescape
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PATIENCE = 120.0  # Seconds for one run of a page.
_KEY = re.compile(r"^\$\$ID-[0-9a-f]+-(.*)$", re.DOTALL)


class Visitor:
    """One tab on the dashboard.

    Attributes:
        took: Seconds of the last run of the page, from the asking to its last message.
        markup: What the page shows in HTML, block after block.
        said: Alerts, toasts and texts of the page.
        broken: Exceptions that the page showed; there should never be one.
    """

    def __init__(self, address: str, page: str = "", query: str = "") -> None:
        host = address.removeprefix("http://")
        self._line = connect(f"ws://{host}/_stcore/stream", subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]  # websockets names its own str type
        self._page, self._query = page, query
        self._states: dict[str, WidgetState] = {}
        self._ids: dict[str, str] = {}
        self._cached: dict[str, ForwardMsg] = {}
        self._page_hash = ""
        self.took = 0.0
        self.markup: list[str] = []
        self.said: list[str] = []
        self.broken: list[str] = []
        self.run()

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    @property
    def text(self) -> str:
        """All that the page says, without its markup."""
        return unescape(re.sub(r"<[^>]+>", " ", "\n".join((*self.markup, *self.said))))

    def go(self, query: str) -> None:
        """Go to another address of the same page, as a link of the page would."""
        self._query = query
        self.run()

    def type(self, key: str, words: str) -> None:
        """Write into a field and leave it; the page runs anew."""
        self._states[key] = WidgetState(id=self._id(key), string_value=words)
        self.run()

    def click(self, key: str) -> None:
        """Press a button."""
        self.run(WidgetState(id=self._id(key), trigger_value=True))

    def has(self, key: str) -> bool:
        """Whether the page has a widget of this key."""
        return key in self._ids

    def send(self, key: str, **value: object) -> None:
        """Say something of a widget that no page would: `bool_value=True` of a field of text."""
        self.run(WidgetState(id=self._id(key), **value))  # type: ignore[arg-type]  # one of its fields

    def run(self, *pressed: WidgetState) -> None:
        """Let the page run, again where it asks for that, and take all it sends."""
        begun = time.perf_counter()
        asked = BackMsg()
        asked.rerun_script.query_string = self._query
        if self._page_hash:
            asked.rerun_script.page_script_hash = self._page_hash
        else:
            asked.rerun_script.page_name = self._page
        asked.rerun_script.widget_states.widgets.extend([*self._states.values(), *pressed])
        asked.rerun_script.cached_message_hashes.extend(self._cached)
        self._line.send(asked.SerializeToString())
        self._taken()
        self.took = time.perf_counter() - begun

    def _id(self, key: str) -> str:
        if key not in self._ids:
            raise AssertionError(f"No widget {key!r} on the page, but: {', '.join(sorted(self._ids))}")
        return self._ids[key]

    def _taken(self) -> None:
        ended = time.monotonic() + PATIENCE
        while time.monotonic() < ended:
            told = self._line.recv(PATIENCE)
            message = ForwardMsg.FromString(told if isinstance(told, bytes) else told.encode())
            if message.WhichOneof("type") == "ref_hash":
                message = self._cached[message.ref_hash]
            elif message.metadata.cacheable:
                self._cached[message.hash] = message
            match message.WhichOneof("type"):
                case "new_session":
                    self.markup, self.said, self._ids = [], [], {}
                case "navigation":
                    self._page_hash = message.navigation.page_script_hash
                case "page_info_changed":
                    self._query = message.page_info_changed.query_string
                case "delta" if message.delta.WhichOneof("type") == "new_element":
                    self._shown(message.delta.new_element)
                case "delta" if message.delta.add_block.id:
                    self._named(message.delta.add_block.id)
                case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return
                case _:
                    pass
        raise AssertionError("The page did not come to its end.")

    def _named(self, identity: str) -> None:
        if found := _KEY.match(identity):
            self._ids[found[1]] = identity

    def _shown(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        told = getattr(element, kind)
        self._named(getattr(told, "id", ""))
        if kind == "exception":
            self.broken.append(f"{told.type}: {told.message}")
        elif kind == "html" and "wu-fault" in told.body:
            self.broken.append(told.body)
        elif kind == "bidi_component":
            self.markup += _markup(told)
        elif kind in ("html", "markdown", "alert", "toast", "heading"):
            self.said.append(getattr(told, "body", ""))


def _markup(component: Any) -> Iterator[str]:
    """The HTML that a block of the deck carries, compressed or not."""
    for content in (component.bytes, component.json, component.mixed.json):
        if content:
            raw = gzip.decompress(content) if isinstance(content, bytes) else content
            if isinstance(found := json.loads(raw), dict) and isinstance(found.get("html"), str):
                yield found["html"]
