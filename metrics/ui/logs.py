"""What the server writes about itself: one line an event, as JSON or as text, never a secret.

Every record of the process passes `scrubbed`, whoever wrote it: a driver that quotes its own connection
string, a library that quotes a header.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, Literal

import streamlit
from streamlit import config

from metrics.shipped import PACKAGE, shipped

Form = Literal["json", "text"]
STREAMLIT = str(Path(streamlit.__file__).parent)
HIDDEN = "***"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'&,;)\]}]+)"""
_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|client_secret|cookie_secret|cookie|api[_-]?key|"
    r"(?:access|id|refresh|bearer|xsrf|auth)?[_-]?token|authorization|private[_-]?key"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b((?:set-)?cookie|authorization)(['\"]?\s*:\s*)[^\n]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(r"""(?<=://)(?:[^/\s@]*|[^/\s:@]*:[^\s"'<>]*)@"""),
        f"{HIDDEN}@",
    ),  # A password may hold `/` and `@`.
    (re.compile(rf"(?i)\b((?:\w+[_-])?(?:{_NAMES}))(['\"]?\s*[=:]\s*){_VALUE}"), rf"\1\2{HIDDEN}"),
    (re.compile(rf"(?i)([?&](?:code|state|sig|signature|key|as)=){_VALUE}"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),  # A token of a login.
    (re.compile(r"\bsxt_[\w-]{8,}"), HIDDEN),  # A token of the API.
)
_LOG = logging.getLogger("sixtwelve")
_PAGES = "streamlit.error_util"  # Where Streamlit writes what failed in a page.
_SOCKET = "streamlit.web.server.starlette.starlette_websocket"  # Where it takes messages apart.


def scrubbed(text: str) -> str:
    """A text without the secrets that could be in it: passwords in addresses, tokens, cookies, headers."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def told(event: str, level: int = logging.INFO, **facts: object) -> None:
    """Write one event of ours. A fact that is None is left out."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    _LOG.log(level, event, extra={"facts": known})


def begin(form: Form) -> None:
    """Let every logger of the process write in one form to stderr. Text tells what went wrong only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    _LOG.handlers, _LOG.propagate = [handler], False
    _LOG.setLevel(logging.INFO if form == "json" else logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True  # `Requests` tells more, and no query.
    if logging.getLogRecordFactory() is logging.LogRecord:
        logging.setLogRecordFactory(_scrubbed_record)
    # Others keep their own handlers; theirs take our form. Loggers made later take it from the setting.
    others = [logging.getLogger(name) for name in [*logging.root.manager.loggerDict]]
    for one in (*others, logging.root):
        for theirs in one.handlers:
            if one is not _LOG:
                theirs.setFormatter(handler.formatter)
    if form == "json":
        logging.setLogRecordFactory(_json_record)
        config.set_option("logger.messageFormat", "%(message)s")


def _scrubbed_record(*given: Any, **more: Any) -> logging.LogRecord:
    record = logging.LogRecord(*given, **more)
    if record.name in (_PAGES, _SOCKET) and record.exc_info and _made_up(record.exc_info[2]):
        # Somebody made the message up: what it holds is theirs, and no fault of ours that a traceback finds.
        kind = record.exc_info[0].__name__ if record.exc_info[0] else "no reason"
        record.msg, record.args = f"A message that no page sends was refused: {kind}.", ()
        record.exc_info = None
    try:
        record.msg, record.args = scrubbed(record.getMessage()), ()
    except (TypeError, ValueError):
        record.msg, record.args = scrubbed(str(record.msg)), ()  # A call with the wrong number of values.
    if record.exc_info:
        record.exc_text = scrubbed(logging.Formatter().formatException(record.exc_info))
    return record


def _made_up(trace: TracebackType | None) -> bool:
    """Whether it failed where Streamlit takes a browser's message apart, and not in code of ours."""
    code = [frame.f_code for frame, _ in walk_tb(trace)]
    own = (STREAMLIT, str(PACKAGE), str(shipped("pages")))
    known = [c for c in code if c.co_filename.startswith(own)]
    if not known or not known[-1].co_filename.startswith(STREAMLIT):
        return False
    where, name = known[-1].co_filename, known[-1].co_name
    return where.startswith(f"{STREAMLIT}/runtime/state/") or name in ("deserialize", "_websocket_endpoint")


def _json_record(*given: Any, **more: Any) -> logging.LogRecord:
    """A record whose message is a whole line already: a logger made later formats nothing itself."""
    record = _scrubbed_record(*given, **more)
    if record.name != _LOG.name:
        record.msg = _line(record, {})
        record.exc_info = record.exc_text = None
    return record


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name != _LOG.name:
            return str(record.msg)
        return _line(record, getattr(record, "facts", {}))


class _Text(logging.Formatter):
    """For a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {name}={fact}" for name, fact in getattr(record, "facts", {}).items())
        line = f"{_moment(record):%H:%M:%S} {record.levelname.lower()}: {record.getMessage()}{facts}"
        line = scrubbed("".join(c if c.isprintable() else "\ufffd" for c in line))
        return f"{line}\n{record.exc_text}" if record.exc_text else line


def _line(record: logging.LogRecord, facts: dict[str, object]) -> str:
    known: dict[str, object] = {
        "time": _moment(record).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
        **{name: scrubbed(fact) if isinstance(fact, str) else fact for name, fact in facts.items()},
    }
    if record.name != _LOG.name:
        known["logger"] = record.name
    if record.exc_text:
        known["error"] = record.exc_text
    return json.dumps(known, ensure_ascii=False, default=str)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)
