"""Everything that can be done before the people come, done once.

Sources are loaded, the week judged, goals forecast, stated links held against the numbers, every deck built
and its files made, for each group of readers who may see the same. What fails is told and does not stop the
rest. Run twice it finds all done; run twice at once the second waits for the first.

Source: wbr-method.md section 3, Monday; DESIGN.md section 6, "Caching".
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from metrics.definitions import Gate
from metrics.errors import MetricsError, StoreError
from metrics.export import FORMATS
from metrics.ingest import Readings
from metrics.reviews.certification import certified_weeks
from metrics.reviews.readiness import Finding, Kind, Readiness
from metrics.store import SourceReport
from metrics.text import counted, sentence
from metrics.workspace.shelf import FOLDER

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

Progress = Callable[[str, float], None]

LOCK: Final = "prepare.lock"
WAITED: Final = 3600.0  # Seconds for another run: a whole preparation takes minutes.
ASKED: Final = 0.2  # Seconds between two looks.
LOOKED_BACK: Final = timedelta(weeks=13)  # Certified numbers older than a quarter are history.
NOTICES: Final[dict[str, Kind]] = {
    "late": "missing",
    "incomplete": "missing",
    "no_data": "missing",
    "restated": "restated",
}
# Shares of the whole that each step takes on the demo, for the progress.
READ, JUDGED, FORECAST, TESTED = 0.35, 0.5, 0.65, 0.75


class Preparing:
    """Prepares the weeks of one workspace."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house.whole

    @contextmanager
    def alone(self, waits: Callable[[str], None], *, patience: float = WAITED) -> Iterator[None]:
        """Hold the lock of the workspace, so that nothing is prepared twice at once.

        Args:
            waits: Told once, in a sentence, if another run has it.
            patience: Seconds to wait for it; 0 does not.

        Raises:
            StoreError: Another run has it still, or the folder cannot be written to.
        """
        folder = self._house.folder / FOLDER
        try:
            folder.mkdir(exist_ok=True)
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"{folder} cannot be written to ({error.strerror}). Give this user the right to, or free "
                "space."
            ) from error
        try:
            self._taken(handle, waits, patience)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}, since {self._house.moment():%H:%M:%S}".encode(), 0)
            yield
        finally:
            os.close(handle)  # And with it the lock, however this process ends.

    def _taken(self, handle: int, waits: Callable[[str], None], patience: float) -> None:
        until, told = time.monotonic() + patience, False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                who = os.pread(handle, 200, 0).decode("utf-8", "replace") or "just begun"
                if time.monotonic() >= until:
                    raise StoreError(
                        f"This workspace is being prepared already ({who}). What it makes is for everybody; "
                        "nothing is to be done here."
                    ) from None
                if not told:
                    waits(f"This workspace is being prepared already ({who}); waiting for it.")
                    told = True
                time.sleep(ASKED)
            else:
                return

    def prepare(
        self,
        week_ending: date | None = None,
        *,
        weeks: int | None = None,
        gates: Sequence[Gate] | None = None,
        keep_good: bool = False,
        by: str = "",
        progress: Progress | None = None,
    ) -> Readiness:
        """Do all of it.

        Args:
            week_ending: Last day of the newest week; by default, once all is loaded, the week to open.
            weeks: How many up to it are judged; by default what the workspace declares.
            gates: Those that count; by default what the workspace declares.
            keep_good: Load the good rows of a source and keep the refused cells, instead of refusing it.
            by: Who prepares.
            progress: Told what is being done, and the share done, 0 to 1.

        Raises:
            CalendarError: `week_ending` ends no week.
        """
        house, rules = self._house, self._house.definitions.prepare
        tell = progress or _silent
        if week_ending is not None:
            house.calendar.week(week_ending)
        findings: list[Finding] = []
        loaded, told = self._load(findings, keep_good, by, lambda step, share: tell(step, share * READ))
        week = week_ending or house.default_week()
        wanted = [known for known in reversed(house.weeks()) if known <= week][: weeks or rules.weeks]
        judged, forecasts, links = self._judged(findings, week, wanted, tell)
        findings += self._found(week)
        decks, files, made = self._built(
            findings, week, lambda step, share: tell(step, TESTED + share * 0.25)
        )
        tell("done", 1.0)
        return Readiness(
            company=house.definitions.company.name,
            week_ending=week,
            at=house.moment(),
            time_zone=house.definitions.company.time_zone,
            sources=sum(source.form != "push" for source in house.all_sources.values()),
            loaded=loaded,
            kept=sum(source.kept for source in told),
            restated=sum(source.restated for source in told),
            weeks=len(wanted),
            judged=judged,
            goals=len(house.definitions.goals),
            forecasts=forecasts,
            links=links,
            decks=decks,
            files=files,
            made=made,
            gates=tuple(rules.gates if gates is None else gates),
            findings=tuple(dict.fromkeys(findings)),
        )

    # --- loading -----------------------------------------------------------------------------

    def _load(
        self, findings: list[Finding], keep_good: bool, by: str, progress: Progress
    ) -> tuple[int, tuple[SourceReport, ...]]:
        """Load every source that can be read; how many could, and what became of each."""
        house = self._house
        house.may(by, "load")
        names = [name for name, source in house.all_sources.items() if source.form != "push"]
        readings: list[Readings] = []
        for done, name in enumerate(names):
            progress(f"reading {name}", done / (len(names) + 1))
            try:
                readings.append(house.read(name, keep_good=keep_good))
            except (MetricsError, OSError) as error:
                findings.append(Finding("refused", _of(name, error)))
        progress("writing the store", len(names) / (len(names) + 1))
        told = self._kept(findings, readings, by)
        for source in told:
            if source.refused:
                some = counted(source.refused, "refused cell")
                findings.append(Finding("refused", f"{source.source}: {some}; the good rows are loaded"))
            if source.restated:
                some = counted(source.restated, "value")
                findings.append(Finding("restated", f"{source.source}: {some} told differently before"))
        return len(readings), told

    def _kept(
        self, findings: list[Finding], readings: Sequence[Readings], by: str
    ) -> tuple[SourceReport, ...]:
        """Write all that was read as one load; if that cannot be, each source as a load of its own."""
        store, moment = self._house.store, self._house.now().astimezone(UTC)
        try:
            return store.add(readings, moment, by=by).sources if readings else ()
        except StoreError as error:
            if len(readings) == 1:
                findings.append(Finding("refused", _of(readings[0].source, error)))
                return ()
        told: list[SourceReport] = []
        for reading in readings:  # Two sources that contradict each other must not keep out the others.
            told += self._kept(findings, [reading], by)
        return tuple(told)

    # --- judging -----------------------------------------------------------------------------

    def _judged(
        self, findings: list[Finding], week: date, wanted: Sequence[date], tell: Progress
    ) -> tuple[int, int, int]:
        """Judge the weeks, forecast the goals, test the links; how many of each, weeks and goals anew."""
        house = self._house
        judged = forecasts = links = 0
        try:
            judged = house.judging.prepare(wanted, lambda s, share: tell(s, READ + share * (JUDGED - READ)))
            forecasts = self._forecast(week, lambda s, share: tell(s, JUDGED + share * (FORECAST - JUDGED)))
            tell("testing links", FORECAST)
            if house.version and house.definitions.nodes:
                house.beliefs.wheel(week)
            links = len(house.evidence.links(week, house.loop.definitions.links)) if house.version else 0
        except MetricsError as error:
            findings.append(Finding("not_built", f"The week cannot be judged: {error}"))
        return judged, forecasts, links

    def _forecast(self, week: date, progress: Progress) -> int:
        """Forecast every goal; how many anew."""
        goals = self._house.goals
        if week == self._house.default_week():
            return goals.prepare(progress)
        missing = goals.missing(week)
        goals.tracks(week, progress=progress)
        return missing

    # --- what is found -----------------------------------------------------------------------

    def _found(self, week: date) -> Iterator[Finding]:
        """What is late, changed after it was certified, or owned by nobody."""
        house = self._house
        definitions, loop = house.loop.definitions, house.loop
        for late in loop.late(week):
            yield Finding("late", late)
        if definitions.require_owner:
            for metric in definitions.metrics.values():
                if metric.owner is None and not metric.retired and metric.id in definitions.placed:
                    yield Finding("no_owner", f"{metric.name} stays out of the deck: nobody owns it")
        if house.version:
            yield from self._fallen(week)

    def _fallen(self, week: date) -> Iterator[Finding]:
        """The certified values of the last quarter that are others now."""
        loop, metrics = self._house.loop, self._house.definitions.metrics
        facts = loop.chronicle.facts()
        certified = {w for m in metrics for w in certified_weeks(facts, m) if week - LOOKED_BACK <= w <= week}
        for each in sorted(certified, reverse=True):
            for stands in loop.certifying.certifications(each).values():
                if stands.fallen == "number":
                    name = metrics[stands.metric].name
                    yield Finding(
                        "certified_changed", f"{name}, week ending {each}: {stands.because.rstrip('.')}"
                    )

    # --- decks -------------------------------------------------------------------------------

    def _built(
        self, findings: list[Finding], week: date, progress: Progress
    ) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """Build every deck for everybody, and make its files; which, which files, how many of them anew."""
        house = self._house
        views = self._views()
        forms = [form for form in house.definitions.prepare.formats if form in FORMATS]
        decks: dict[str, None] = {}
        files: list[str] = []
        steps = [(view, name) for view in views for name in view.definitions.decks]
        for done, (view, name) in enumerate(steps):
            try:
                progress(f"building {name}", done / len(steps))
                made = view.deck(week, deck=name)
                for form in forms:
                    progress(f"making {name}.{form}", (done + 0.5) / len(steps))
                    files.append(view.exporting.exported(week, form, name).name)
            except MetricsError as error:
                findings.append(Finding("not_built", f"{name}: {error}"))
                continue
            decks[name] = None
            findings += [
                Finding(kind, sentence(notice.text.rstrip(".")))
                for notice in made.notices
                if (kind := NOTICES.get(notice.kind)) and view is house
            ]
        return tuple(decks), tuple(files), sum(view.exporting.ready.made for view in views)

    def _views(self) -> "list[Workspace]":
        """The whole workspace, and what each reader sees of it where that is less; each once."""
        house = self._house
        found = {id(view): view for view in (house, *map(house.seen_by, house.definitions.people))}
        return list(found.values())


def _of(source: str, error: Exception) -> str:
    """What is wrong with a source, with its name in front."""
    told = str(error)
    return told if told.startswith(f"{source}:") else f"{source}: {told}"


def _silent(step: str, share: float) -> None:
    """Nobody wants to know."""
