"""What the sources page shows and does: how fresh each source is, loads, an uploaded file, undo."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from metrics import ingest, text
from metrics.errors import MetricsError
from metrics.ingest import Readings
from metrics.reviews.duties import may
from metrics.reviews.rights import roles_with
from metrics.store import LoadReport
from metrics.ui import acting, markup, who, words
from metrics.ui.frame import Page, hint, tell, when

NOTE = "load note"  # The last report, kept over the rerun that shows the new numbers.
CHECKED = "checked upload"
LONGEST_NAME = 200  # Bytes of a file's name; its end is kept.
SHOWN = 40  # Loads on the page, newest first.
FORMS = ("csv", "txt", "tsv", "xlsx", "xls", "ods", "parquet")
STATES = ("fresh", "late", "ended", "never loaded")


@dataclass(frozen=True, slots=True)
class Checked:
    """An uploaded file that was read, and nothing of it loaded yet.

    Attributes:
        key: Which file for which source.
        readings: Its values and its refused cells; None if it could not be read at all.
        mistake: Why it could not be read.
    """

    key: str
    readings: Readings | None
    mistake: str = ""


# --- how fresh -------------------------------------------------------------------------------


def freshness(page: Page) -> str:
    """Each source: what it reads, when it was loaded, how far it reaches, what was refused."""
    told = page.workspace.sources()
    counts = told["state"].value_counts()
    summary = text.listed(f"{counts[state]} {state}" for state in STATES if state in counts)
    body = "".join(
        f'<tr><th scope="row"{markup.LEFT}>{escape(row.source)}</th>'
        f"<td{markup.LEFT}>{_state(row.state, row.days_behind)}</td>"
        + markup.cell(_day(row.last_day), left=True)
        + markup.cell(when(row.last_loaded_at, page), left=True)
        + markup.cell(row.files, left=True)
        + f"<td>{row.series:,}</td><td>{row.rows:,}</td><td>{row.refused:,}</td></tr>"
        for row in markup.each(told)
    )
    words_of = ("Source", "State", "Reaches to", "Last loaded", "Files")
    heads = "".join(markup.head(column, left=True) for column in words_of)
    heads += "".join(markup.head(column) for column in ("Series", "Rows", "Refused"))
    title = f'<div class="w-title"><h1>Sources</h1><p>{escape(summary)}</p></div>'
    return title + markup.scrolled("Sources", heads, body) + _room(page)


def _room(page: Page) -> str:
    """How much room the workspace takes, in a line."""
    if page.empty:
        return ""
    told = page.workspace.rooms.taken()
    parts = "; ".join(f"{what}: {_megabytes(size)}" for what, size in told.parts.items() if size)
    since = f" What was known is kept since {words.day(told.since.date())}." if told.since else ""
    return f'<p class="w-about">{escape(f"On the disk: {_megabytes(told.total)} ({parts}).{since}")}</p>'


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _state(state: str, behind: float | None) -> str:
    if state == "late" and behind:
        return f'<span class="w-late">late, {text.counted(int(behind), "day")} behind</span>'
    return f'<span class="w-late">{state}</span>' if state not in ("fresh", "ended") else state


def _day(last: date | None) -> str:
    return text.UNKNOWN if last is None or pd.isna(last) else words.day(last)


# --- loading ---------------------------------------------------------------------------------


def load_now(page: Page) -> None:
    """A button that loads every declared source, with its progress; then the last report."""
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        asked = _may(page, "load") and st.button("Load all sources", icon=":material/sync:", key="load")
        who.picker(page)
    if not _may(page, "load"):
        hint(_whose(page))
    if asked:
        _reported(page, lambda by, tell_progress: page.workspace.load(by=by, progress=tell_progress))
    if note := st.session_state.pop(NOTE, None):
        st.html(f'<div class="wu-note" role="status">{note}</div>')


def _may(page: Page, act: str) -> bool:
    """Whether who is here may do it: to others it is not offered. Where nobody is declared, anybody may."""
    person = page.visitor.person
    return person is not None and may(page.workspace.definitions, person, act)


def _whose(page: Page) -> str:
    """Who may load, in words, for somebody who may not."""
    if page.visitor.person is None:
        return who.nobody(page)
    roles = " or ".join(r.replace("_", " ") for r in roles_with(page.workspace.definitions, "load"))
    needs = f"Loading numbers here takes the role {roles}" if roles else "Nobody may load numbers here"
    return f"{needs}; whoever keeps the workspace can say wbr load."


def _reported(page: Page, work: Callable[[str, Callable[[str, float], None]], LoadReport]) -> None:
    """Do a load with its progress shown, keep its report, and show the new numbers."""
    person = who.chosen(page)
    if person is None:
        st.warning(who.nobody(page))
        return
    bar = st.progress(0.0, text="Reading")

    def shown(step: str, share: float) -> None:
        bar.progress(min(share, 1.0), text=step[:1].upper() + step[1:])

    with _told(page, person):
        report = work(person, shown)
        st.session_state[NOTE] = _report(report)
        st.rerun()
    bar.empty()


@contextmanager
def _told(page: Page, person: str) -> Iterator[None]:
    """A failed load is told beside its button; the page stays."""
    try:
        yield
    except MetricsError as error:
        acting.recorded(page, person, "load or take back numbers", error)
        tell("Nothing was loaded", f"<pre>{escape(str(error))}</pre>", role="alert", heading="h2")


def _report(report: LoadReport) -> str:
    title = "Nothing new" if report.load is None else f"Load {report.load}"
    if report.undoes:
        title = f"Load {report.undoes} was taken back, as load {report.load}"
    totals = [
        f"{sum(getattr(source, name) for source in report.sources):,} {name}"
        for name in ("kept", "unchanged", "restated", "refused")
    ]
    notices = "".join(f"<br>{escape(notice)}" for notice in report.notices)
    return f"<strong>{title}:</strong> {text.listed(totals)}.{notices}"


# --- a file from this machine ----------------------------------------------------------------


def upload(page: Page) -> None:
    """A file for one source: checked first, its refused cells listed, loaded in a second step."""
    if not _may(page, "load"):
        return
    sources = [name for name, source in page.workspace.all_sources.items() if source.form != "push"]
    with st.expander("Load a file from this machine", icon=":material/upload_file:"):
        name = st.selectbox("Source it belongs to", sources, key="upload source")
        file = st.file_uploader("File", type=list(FORMS), key="upload file", max_upload_size=25)
        if file is None or name is None:
            return
        checked = _checked(page, name, file)
        if checked.readings is None:
            tell(
                "The file cannot be read", f"<pre>{escape(checked.mistake)}</pre>", role="alert", heading="h2"
            )
            return
        readings = checked.readings
        good = readings.table.num_rows
        counts = ((readings.rows, "row"), (good, "good value"), (readings.refused, "refused cell"))
        st.markdown(f"{text.listed(text.counted(number, thing) for number, thing in counts)}.")
        if readings.refused:
            _cells(pd.DataFrame([_as_row(one) for one in readings.rejects]), f"{name} upload")
        label = "Load it" if not readings.refused else "Load the good rows"
        if good and st.button(label, type="primary", key="load upload"):
            with saved(file) as path:
                _reported(
                    page,
                    lambda by, tell_progress: page.workspace.load(
                        [name], files={name: [path]}, keep_good=True, by=by, progress=tell_progress
                    ),
                )


def _checked(page: Page, name: str, file: UploadedFile) -> Checked:
    """The file as its source reads it; read once and kept for this visitor."""
    key = f"{file.file_id}\n{name}\n{page.house.fingerprint}"
    known = st.session_state.get(CHECKED)
    if isinstance(known, Checked) and known.key == key:
        return known
    with saved(file) as path:
        try:
            source, root = page.workspace.source(name), page.workspace.folder
            calendar = page.workspace.calendar
            readings = ingest.read(name, source, root, keep_good=True, calendar=calendar, files=[path])
            checked = Checked(key, readings)
        except MetricsError as error:
            checked = Checked(key, None, str(error))
    st.session_state[CHECKED] = checked
    return checked


@contextmanager
def saved(file: UploadedFile) -> Iterator[Path]:
    """An uploaded file on disk, under its own name without any folder and odd characters it came with."""
    own = PureWindowsPath(PurePosixPath(file.name).name).name
    name = (
        "".join(c for c in own if c.isprintable())
        .encode(errors="replace")[-LONGEST_NAME:]
        .decode(errors="ignore")
    )
    name = name if name.strip(". ") else "upload"
    with TemporaryDirectory(prefix="wbr-upload-") as folder:
        path = Path(folder) / name
        path.write_bytes(file.getbuffer())
        yield path


def _as_row(reject: ingest.Reject) -> dict[str, str | int]:
    return {
        "file": reject.file,
        "line": reject.line,
        "column": reject.column,
        "cell": reject.cell,
        "reason": reject.reason,
    }


def _cells(table: pd.DataFrame, key: str) -> None:
    """Refused cells, all of them, in a table that can be searched and scrolled."""
    st.dataframe(
        table,
        hide_index=True,
        height=min(36 * (len(table) + 1) + 2, 360),
        key=f"cells {key}",
        alt="Refused cells: file, line, column, cell and reason",
        column_config={name: st.column_config.Column(name.capitalize()) for name in table.columns},
    )


# --- what was loaded -------------------------------------------------------------------------


def loads(page: Page) -> str:
    """Every load with its counts, newest first."""
    told = page.workspace.loads()
    rows = (
        (
            str(row.load),
            when(row.loaded_at, page),
            str(row.by or text.UNKNOWN),
            _what(row.what, row.sources, row.undoes, row.undone_by),
            f"{row.kept:,}",
            f"{row.unchanged:,}",
            f"{row.restated:,}",
            f"{row.refused:,}",
        )
        for row in markup.each(told.head(SHOWN))
    )
    columns = ("Load", "When", "By", "What", "Kept", "Unchanged", "Restated", "Refused")
    note = f"The newest {SHOWN} of {len(told):,} are shown." if len(told) > SHOWN else ""
    return markup.block("Loads", markup.table("Loads", columns, rows, left=("When", "By", "What")), note)


def _what(what: str, sources: str, undoes: float | None, undone_by: float | None) -> str:
    if what == "undo" and undoes is not None and not pd.isna(undoes):
        return f"took back load {int(undoes)}"
    names = [name.strip() for name in str(sources).split(",")]
    said = text.listed(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    return said if undone_by is None or pd.isna(undone_by) else f"{said}; taken back by load {int(undone_by)}"


def refused(page: Page) -> None:
    """The cells that each load refused."""
    told = page.workspace.loads()
    for load in told.loc[told["refused"] > 0, "load"].head(SHOWN):
        with st.expander(f"Cells that load {load} refused"):
            _cells(page.workspace.rejects(int(load)), f"load {load}")


def take_back(page: Page) -> None:
    """A load is taken back in two steps: its values stay in history, the current ones are those before it."""
    if not _may(page, "undo_load"):
        return
    told = page.workspace.loads()
    open_loads = told.loc[(told["what"] == "load") & told["undone_by"].isna(), "load"]
    if open_loads.empty:
        return
    with st.expander("Take a load back", icon=":material/undo:"):
        load = st.selectbox(
            "Load",
            [int(n) for n in open_loads],
            key=f"take back, up to {open_loads.max()}",  # So that a new load is offered first.
            width=220,
            help="Its values stay in history; the current ones are those before it",
        )
        sure = f"sure about {load}"
        if st.button(f"Take load {load} back", key="take back"):
            st.session_state[sure] = True
        if st.session_state.get(sure):
            st.warning(f"Load {load} will be taken back. The deck shows what was known before it.")
            with st.container(horizontal=True):
                if st.button(f"Yes, take load {load} back", type="primary", key="take back surely"):
                    del st.session_state[sure]
                    _reported(page, lambda by, _: page.workspace.undo(load, by=by))
                if st.button("Keep it", key="keep"):
                    del st.session_state[sure]
                    st.rerun()
