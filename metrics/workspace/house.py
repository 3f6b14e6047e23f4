"""The workspace itself: its definitions, its numbers, its decks.

A folder holds the definitions (`*.yaml`), the sources and, beside them, the store. Everything a
page, a command or another program wants is asked here.
"""

from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from math import inf
from pathlib import Path
from threading import RLock
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd

from metrics import ingest, registry, week
from metrics.deck import Deck
from metrics.definitions import (
    Definitions,
    ExceptionsBlock,
    Growth,
    Metric,
    Person,
    Source,
    TableBlock,
    TargetTable,
    WideSource,
    operands,
    series_of,
    target_operands,
)
from metrics.engines import EngineStore
from metrics.errors import SourceError, UnknownNameError, hint
from metrics.history import Decisions, Signal, Verdicts
from metrics.journal import Journal
from metrics.periods import Calendar, Period
from metrics.registry import Finding, Registry
from metrics.reviews import login, roles
from metrics.reviews.access import Hidden, Sieve
from metrics.reviews.duties import checked
from metrics.reviews.login import Brought
from metrics.rollup import STATES, Window, days_of, rollup
from metrics.six_twelve import Charts, SixTwelve, frame
from metrics.store import LoadReport, Store
from metrics.workspace.beliefs import Beliefs
from metrics.workspace.drivers import Drivers
from metrics.workspace.entering import Entering
from metrics.workspace.erasing import Erasing
from metrics.workspace.evidence import Evidence
from metrics.workspace.exporting import Exporting
from metrics.workspace.goals import Goals
from metrics.workspace.importing import Importing
from metrics.workspace.judging import Judging
from metrics.workspace.limits import Limits
from metrics.workspace.loop import Loop
from metrics.workspace.noticing import Noticing, first_seen
from metrics.workspace.observing import Observing
from metrics.workspace.once import Once
from metrics.workspace.preparing import Preparing
from metrics.workspace.pushing import Pushing
from metrics.workspace.quarters import Quarters
from metrics.workspace.querying import Querying
from metrics.workspace.room import Rooms
from metrics.workspace.seeing import VIEWS, Sift, hidden_from, seen_registry
from metrics.workspace.segments import Segmented, segmented
from metrics.workspace.slicing import Slice, carried, cut, dimensions
from metrics.workspace.storing import store_of
from metrics.workspace.tokens import Tokens
from metrics.workspace.voicing import Voicing

Clock = Callable[[], datetime]
Progress = Callable[[str, float], None]

REMEMBERED = 24  # Decks kept in memory: a quarter of weeks in two forms.
MOMENTS = 4  # Past moments kept open.
WEEKS_ON_A_CHART = 6
WITHOUT_FILE = ("sql", "push")  # Forms of sources that have no file of their own.
_SEEING = RLock()  # A view is made once, however many ask for it at the same time.
TABLE_OF_TARGETS = "{}__target"  # Name of the stored series that holds a metric's dated targets.


class Workspace:
    """One company's definitions and numbers.

    Everything returned is a frozen value or a frame of its own. Definitions are read once, when the
    workspace is opened; numbers are read anew whenever the store has a new version.
    """

    def __init__(
        self, folder: Path, clock: Clock, *, journal: str = "", environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.registry: Registry = registry.read(folder.resolve())
        self.store: Store | EngineStore = store_of(self.registry.definitions.store, folder, environment or {})
        self._clock = clock
        self._decks: OrderedDict[tuple[str, str, date, datetime | None, str | None], Deck] = OrderedDict()
        self._unspoken: OrderedDict[tuple[str, str, date, datetime | None, str | None], Deck] = OrderedDict()
        self._once, self._of_numbers = Once(), Once()
        self._known_sources: tuple[tuple[str, date], pd.DataFrame] | None = None
        self._journal_url = journal
        self.environment: Mapping[str, str] = environment or {}
        self._known_limits: tuple[str, tuple[date | None, date | None]] | None = None
        self._known_carried: tuple[str, dict[str, dict[str, set[str]]]] | None = None
        self._moments: OrderedDict[datetime, Workspace] = OrderedDict()
        self.past: datetime | None = None
        self._whole: Workspace | None = None
        self._present: Workspace | None = None
        self._declared = self.registry.definitions
        self._granted: Mapping[str, Person] = {}
        self._grouped: dict[str, Brought] = {}  # Roles by the groups of whoever has logged in.
        self._until = inf  # When the first of them is over.
        self._logged_out: Mapping[str, datetime] = {}
        self._roles_of: str | None = None  # The journal's version at which roles were looked up.
        self._noticing = RLock()  # Or who looked before a role was taken away writes after who looked then.
        self.hidden = Hidden()
        self.slice: Slice | None = None
        self._cut_from: Workspace | None = None  # What a slice is of: it knows all that is hidden in it.
        self._slices: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], Workspace] = OrderedDict()
        self._views: OrderedDict[Hidden, Workspace] = OrderedDict()

    # --- who sees what -----------------------------------------------------------------------

    def seen_by(self, person: str | None) -> "Workspace":
        """This workspace as a person may see it today: what they may not see is not there.

        Ask on every request: roles, owners and deputies are looked up each time. People who may see the same
        share one view and what it remembers.

        Args:
            person: A handle; None for somebody who is nobody of `people`.
        """
        if self._present is not None and self.past is not None:
            return self._present.seen_by(person).as_it_stood(self.past)
        whole = self.whole
        whole.notice_roles()
        gone = hidden_from(whole, person)
        if not gone:
            return whole
        with _SEEING:
            view = whole._views.get(gone)
            if view is None:
                view = whole._views[gone] = whole._view(gone)
                while len(whole._views) > VIEWS:
                    whole._views.popitem(last=False)
            whole._views.move_to_end(gone)
        view._declared = view._declared.model_copy(update={"people": whole._declared.people})
        return view

    @property
    def whole(self) -> "Workspace":
        """The workspace with nothing hidden; numbers are computed there."""
        return self._whole or self

    @cached_property
    def sieve(self) -> Sieve:
        """Takes what is hidden here out of what people and programs wrote."""
        return Sieve((self._cut_from or self).whole.registry.definitions, self.hidden)

    def _view(self, gone: Hidden) -> "Workspace":
        view = self._anew()
        view._whole, view.hidden, view._views = self, gone, OrderedDict()
        view.registry = seen_registry(self.registry, self._declared, gone)
        view._declared = view.registry.definitions
        view.__dict__["journal"] = self.journal.sifted(Sift(self, view.sieve))
        return view

    # --- one segment -------------------------------------------------------------------------

    def dimensions(self) -> dict[str, tuple[str, ...]]:
        """By what the metrics are told, and the segments of each; see `sliced`."""
        return dimensions(self)

    @property
    def carried(self) -> Mapping[str, Mapping[str, set[str]]]:
        """Of each series that the metrics seen here read, its dimensions and their segments."""
        version = self.version
        if self._known_carried is None or self._known_carried[0] != version:
            self._known_carried = version, carried(self)
        return self._known_carried[1]

    def segmented(
        self, metric: str, by: Sequence[str], week_ending: date | None = None, top: int = 10
    ) -> Segmented:
        """A metric's week by the segments of some dimensions: the largest, the rest, the whole."""
        return segmented(self, metric, by, week_ending or self.default_week(), top)

    def sliced(self, where: Mapping[str, str]) -> "Workspace":
        """This workspace for one segment of the business: the same metrics, counted there alone.

        Targets, goals and what people said speak of the whole and are not in it. `slice` says what is left
        out.

        Args:
            where: Dimension to segment: `{"country": "US"}`.

        Raises:
            UnknownNameError: No metric is told by that dimension or segment.
        """
        key = self.version, tuple(sorted(where.items()))
        with _SEEING:
            found = self._slices.get(key)
            if found is None:
                made = self._anew()
                made.registry, made.slice = cut(self, where)
                made._declared, made._whole, made._slices = made.registry.definitions, None, OrderedDict()
                made._cut_from = self._cut_from or self
                made.__dict__["journal"] = self.journal  # A reader's is sifted.
                found = self._slices[key] = made
                while len(self._slices) > VIEWS:
                    self._slices.popitem(last=False)
        return found

    def notice_roles(self) -> None:
        """Look up in the journal who has which role now."""
        if self._whole is not None:
            self._whole.notice_roles()
            self._declared = self._declared.model_copy(update={"people": self._whole._declared.people})
            return
        with self._noticing:
            version = self.journal.version
            if version != self._roles_of:
                if self._roles_of and _number(version) < _number(self._roles_of):
                    self._views.clear()  # Restored from a backup: what was sifted is of another chain.
                self._granted = roles.standing(
                    self.registry.definitions.people, self.journal.facts(kind=roles.FAMILY)
                )
                self._logged_out = login.ended(self.journal.facts(kind=login.ENDED))
                self._put_people()
                self._roles_of = version
            elif self._clock().timestamp() >= self._until:
                self._put_people()

    def belongs(self, person: str, given: tuple[str, ...], since: float = 0.0, until: float = inf) -> None:
        """Somebody has logged in with the roles of their groups, which they have while that login holds.

        Args:
            person: A handle.
            given: The roles.
            since: When they logged in, in seconds of the epoch; what an older login says counts no more.
            until: When the login ends.
        """
        with self._noticing:
            known, told = self._grouped.get(person), Brought(given, since, until)
            if known == told or (known is not None and known.since > since):
                return
            self._grouped[person] = told
            self._put_people()

    def _put_people(self) -> None:
        holding = self._holding()
        self._until = min((one.until for one in holding.values()), default=inf)
        people = {
            handle: one.model_copy(update={"roles": tuple(dict.fromkeys((*one.roles, *more)))})
            if handle in holding and (more := holding[handle].roles)
            else one
            for handle, one in self._granted.items()
        }
        if people != self._declared.people:
            self._declared = self._declared.model_copy(update={"people": people})

    def _holding(self) -> dict[str, Brought]:
        """The roles by groups of those whose login holds now."""
        now = self._clock().timestamp()
        ended = {who: at.timestamp() for who, at in self._logged_out.items()}
        return {
            person: told
            for person, told in self._grouped.items()
            if told.until > now and told.since > max(ended.get(w, -inf) for w in (person, login.EVERYBODY))
        }

    def as_it_stood(self, moment: datetime) -> "Workspace":
        """This workspace at a past moment: what was known, owned, believed and said by then.

        The definitions are those of today, because they are files. Nothing can be decided in it.

        Args:
            moment: An aware time.

        Raises:
            JournalError: `moment` has no time zone.
        """
        if moment not in self._moments:
            self._moments[moment] = self._at(moment)
            while len(self._moments) > MOMENTS:
                self._moments.popitem(last=False)
        return self._moments[moment]

    def reopened(self) -> "Workspace":
        """The whole workspace with its definitions read anew.

        Raises:
            DefinitionError: The files have mistakes.
        """
        return Workspace(self.folder, self._clock, journal=self._journal_url, environment=self.environment)

    def _anew(self) -> "Workspace":
        """Another one of the same files that remembers nothing."""
        other = copy(self)
        for name in [n for n, part in vars(Workspace).items() if isinstance(part, cached_property)]:
            other.__dict__.pop(name, None)  # A room made for this one keeps what it read.
        other._decks, other._unspoken, other._moments = OrderedDict(), OrderedDict(), OrderedDict()
        other._once, other._of_numbers = Once(), Once()
        other._known_sources, other._known_limits, other._known_carried = None, None, None
        other._slices = OrderedDict()
        return other

    def _at(self, moment: datetime) -> "Workspace":
        past = self._anew()
        past.past, past._present, past._views = moment, self, OrderedDict()
        past._whole = None if self._whole is None else self._whole.as_it_stood(moment)
        past.store = self.store.as_it_stood(moment)
        past.__dict__["journal"] = self.journal.as_it_stood(moment)
        return past

    @property
    def definitions(self) -> Definitions:
        """What the YAML files declare, with the roles that people have now; in a view, what is seen of it."""
        if self._roles_of is None and self._whole is None:
            self.notice_roles()
        return self._declared

    @property
    def calendar(self) -> Calendar:
        """How days fall into weeks, months, quarters and years."""
        return self.registry.calendar

    @property
    def version(self) -> str:
        """Of the store; changes with every load that changed something. Empty for an empty store."""
        return self.store.version

    # --- the clock ---------------------------------------------------------------------------

    def now(self) -> datetime:
        """The moment, in the company's time zone; the frozen one of a demonstration."""
        zone = ZoneInfo(self.definitions.company.time_zone)
        frozen = self.definitions.company.now
        now = frozen.replace(tzinfo=zone) if frozen else self._clock().astimezone(zone)
        return now if self.past is None else min(now, self.past.astimezone(zone))

    def moment(self) -> datetime:
        """The real moment, in the company's time zone, also where a demonstration's clock stands still."""
        return self._clock().astimezone(ZoneInfo(self.definitions.company.time_zone))

    def default_week(self) -> date:
        """The week to open: the newest one wholly past where the company is.

        If a whole chart would be empty there, because the numbers end earlier, it is the newest week
        that they fill.
        """
        latest = self.calendar.latest_week(self.now(), self.definitions.company.time_zone).last
        newest = self.last_day()
        if newest is None or newest > latest - timedelta(weeks=WEEKS_ON_A_CHART):
            return latest
        filled = self.calendar.week_of(newest)
        return filled.last if filled.last == newest else filled.first - timedelta(days=1)

    def weeks(self) -> tuple[date, ...]:
        """The weeks that can be opened, oldest first: from the first number to the default week."""
        newest = self.default_week()
        first = self.first_day()
        if first is None or first > newest:
            return (newest,)
        oldest = self.calendar.week_of(first).last
        count = (newest - oldest).days // 7 + 1
        return tuple(oldest + timedelta(weeks=n) for n in range(count))

    def first_day(self) -> date | None:
        """Of the numbers that metrics read; None before the first load."""
        return self._limits[0]

    def last_day(self) -> date | None:
        """Of the numbers that metrics read; None before the first load."""
        return self._limits[1]

    @property
    def _limits(self) -> tuple[date | None, date | None]:
        """First and last day of the numbers that metrics read, targets left out."""
        if self._whole is not None:
            return self._whole._limits
        version = self.version
        if self._known_limits is None or self._known_limits[0] != version:
            self._known_limits = version, _limits(self.store, self._series)
        return self._known_limits[1]

    @cached_property
    def _series(self) -> tuple[str, ...]:
        """Every stored series that some metric reads."""
        return self._own_series

    # --- the deck ----------------------------------------------------------------------------

    def deck(
        self, week_ending: date | None = None, as_of: datetime | None = None, deck: str | None = None
    ) -> Deck:
        """One week's deck.

        Args:
            week_ending: Last day of the week; by default the one to open.
            as_of: Only what was known then, an aware time; by default all that is known.
            deck: Id of the outline; by default the first declared.

        Raises:
            CalendarError: `week_ending` ends no week.
            UnknownNameError: No such deck.
            StoreError: The store cannot be read.
        """
        chosen, as_of = week_ending or self.default_week(), as_of or self.past
        key = self.version, self.decisions_version, chosen, as_of, deck

        def make() -> Deck:
            _forget_old(self._decks, key[:2])
            house = self if as_of is None or as_of == self.past else self.as_it_stood(as_of)
            made = house._spoken(house._numbers(chosen, as_of, deck))
            return replace(made, decisions=key[1])  # Asked before, so that none of then can be lacking.

        return self._once.made(self._decks, key, make)

    def _numbers(self, week_ending: date, as_of: datetime | None, deck: str | None) -> Deck:
        """The deck without what people said, so that an answer does not make it be built anew."""
        key = self.version, f"{self.limits_version} {self.voicing.owners_version}", week_ending, as_of, deck

        def make() -> Deck:
            _forget_old(self._unspoken, key[:2])
            made = self._deck(week_ending, as_of, deck)
            return replace(made, version=key[0])  # A load may come meanwhile: its name is not claimed.

        return self._of_numbers.made(self._unspoken, key, make)

    def _spoken(self, made: Deck) -> Deck:
        """A deck with what people said, and the flywheel's state; one of a segment has neither."""
        if self.slice is not None:
            return made
        # A team's page 0 speaks of its metrics; the flywheel is the company's.
        whole = self.definitions.nodes and self.definitions.decks[made.name].team is None
        wheel = self.beliefs.wheel(made.week_ending, graded=False) if whole else None
        if not self.decisions_version:
            return replace(made, wheel=wheel)
        voices = self.voicing.voices(made.week_ending, made.name)
        definitions = self.loop.definitions
        return replace(
            made,
            sections=week.spoken(made.sections, week.said(definitions, voices)),
            asked=week.asked(definitions, voices.promises) if voices.promises else (),
            state=self.voicing.state(made.week_ending, made.name),
            wheel=wheel,
            changed=self.voicing.changed(made),
        )

    def _deck(self, week_ending: date, as_of: datetime | None, deck: str | None) -> Deck:
        self.calendar.week(week_ending)  # Before the store is opened, so that a wrong day is told as such.
        verdicts = self.judging.marks(week_ending, as_of) if self.version else None
        with self.store.reading(as_of) as connection:
            known = week.Known(
                connection,
                version=self.version,
                as_of=as_of.astimezone(UTC) if as_of else None,
                sheets=self._sheets(deck),
                target_tables=self.target_tables,
                restated=self._restated(week_ending, as_of),
                verdicts=verdicts,
                remarks=self.voicing.remarks(),
            )
            owned = replace(self.registry, definitions=self.loop.definitions)
            made = week.build(owned, known, week_ending, deck, whole=self.whole.registry)
        return replace(made, cases=week.cases(made.groups, made.sections, verdicts, owned))

    def _sheets(self, deck: str | None) -> dict[str, week.Sheet]:
        """The plain tables that a deck shows; a broken one of another deck is not in its way."""
        known = self.definitions.decks
        outlines = [known[name] for name in ([deck] if deck else list(known)[:1]) if name in known]
        paths = {
            block.table.csv if isinstance(block, TableBlock) else block.exceptions.csv
            for outline in outlines
            for section in outline.sections
            for block in section.blocks
            if isinstance(block, TableBlock | ExceptionsBlock)
        }
        there = sorted(path for path in paths if (self.folder / path).is_file())
        sheets = {path: week.Sheet(*ingest.sheet(path, self.folder)) for path in there}
        if not self.hidden.metrics:
            return sheets
        names_hidden = self.sieve.names_hidden
        return {
            path: week.Sheet(sheet.columns, tuple(r for r in sheet.rows if not any(map(names_hidden, r))))
            for path, sheet in sheets.items()
        }

    def _restated(self, week_ending: date, as_of: datetime | None) -> tuple[week.Restated, ...]:
        """Corrections of days on the chart's weeks; rates that are still maturing are not corrections."""
        if not self.version:
            return ()
        first = week_ending - timedelta(days=7 * WEEKS_ON_A_CHART - 1)
        told = self.store.restatements(None, datetime.combine(first, datetime.min.time(), UTC))
        days = pd.to_datetime(told["day"]).dt.date
        kept = (days >= first) & (days <= week_ending) & ~told["undone"] & told["old"].notna()
        if as_of is not None:
            kept &= told["new_known_at"] <= as_of.astimezone(UTC).replace(tzinfo=None)
        readers: dict[str, list[Metric]] = {}
        known = (self._cut_from or self).whole.definitions.metrics
        secret = {s for m in self.hidden.metrics for s in series_of(known[m].measure)}
        for metric in self.definitions.metrics.values():
            if not metric.retired and not metric.matures_after_weeks:
                for name in set(series_of(metric.measure)) - secret:
                    readers.setdefault(name, []).append(metric)
        return tuple(
            week.Restated(
                str(name),
                tuple(sorted(set(days[rows.index]))),
                float((rows["new"] - rows["old"]).sum()),
                tuple(readers[str(name)]),
            )
            for name, rows in told[kept].groupby("series", sort=True)
            if name in readers
        )

    # --- signals -----------------------------------------------------------------------------

    @cached_property
    def judging(self) -> Judging:
        """What the signal engine says."""
        return Judging(self)

    def signals(self, week_ending: date | None = None) -> tuple[Signal, ...]:
        """What the signal engine says of every metric in one week, in the order of the file.

        A metric that is retired, or told once a month, is left out.
        """
        chosen = week_ending or self.default_week()
        return self.verdicts(chosen).week(chosen)

    def verdicts(self, week_ending: date | None = None) -> Verdicts:
        """What the signal engine said of every metric in every week up to one."""
        return self.judging.verdicts(week_ending or self.default_week())

    # --- one metric --------------------------------------------------------------------------

    def metric(self, metric: str) -> Metric:
        """The definition of one metric; UnknownNameError with a hint if there is none."""
        if metric not in self.definitions.metrics:
            known = self.definitions.metrics
            raise UnknownNameError(f"{metric!r} is not among metrics. {hint(metric, known)}")
        return self.definitions.metrics[metric]

    def chart(self, metric: str, week_ending: date | None = None) -> SixTwelve:
        """The 6-12 chart of any metric, in a deck or not."""
        definition = self.metric(metric)
        chosen = week_ending or self.default_week()
        axis = self.definitions.calendar.months_axis
        wanted = self.with_operands(definition)
        growth = any(isinstance(m.measure, Growth) for m in wanted)
        windows = frame(self.calendar, chosen, {axis}, growth=growth)
        with self.store.reading() as connection:
            rolled = rollup(
                connection,
                wanted,
                windows.windows,
                self.calendar,
                newest=chosen,
                missing_days=self.definitions.missing_days,
                target_tables=self.target_tables,
            )
        charts = Charts(
            windows,
            rolled,
            {m.id: m for m in wanted},
            (*week.remarks(self.registry), *self.voicing.remarks()),
        )
        return charts.chart(metric, months_axis=axis)

    def history(
        self, metric: str, grain: Literal["day", "week"] = "week", until: date | None = None
    ) -> pd.DataFrame:
        """All that is known of a metric, oldest first, up to the end of a week.

        Args:
            metric: Its id.
            grain: One row per day, or per week.
            until: Last day of the newest week; by default the week to open.

        Returns:
            Columns `day` (datetime64; of a week its last day), `value` (float, the metric's unit, NaN
            where there is none), `state` (str), `year_earlier` (float), `target` (float). Days of a
            metric that is computed from others, or told weekly or monthly, do not exist: no rows.
        """
        definition = self.metric(metric)
        last = until or self.default_week()
        first = self.first_day()
        columns = ["day", "value", "state", "year_earlier", "target"]
        if first is None or first > last:
            return pd.DataFrame(columns=columns)
        with self.store.reading() as connection:
            if grain == "day":
                values, days = days_of(connection, definition, Period(first, last), self.calendar)
                table = pd.DataFrame({"day": pd.to_datetime(list(days)), "value": values})
                table["state"] = ["missing" if v != v else "complete" for v in values]
                earlier = table.set_index("day")["value"].shift(freq=timedelta(weeks=52))
                table["year_earlier"] = earlier.reindex(table["day"]).to_numpy()
                table["target"] = float("nan")
                empty = not series_of(definition.measure) or table["value"].isna().all()
                return table.iloc[:0] if empty else table[columns]
            weeks = self._weeks_between(first, last)
            twins = [self.calendar.week_year_earlier(w).period for w in weeks]
            windows = [Window(w, len(weeks) + n) for n, w in enumerate(weeks)]
            windows += [Window(t, 2 * len(weeks) + n) for n, t in enumerate(twins)]
            windows += [Window(self.calendar.week_year_earlier(t).period) for t in twins]
            rolled = rollup(
                connection,
                self.with_operands(definition),
                windows,
                self.calendar,
                newest=last,
                missing_days=self.definitions.missing_days,
                target_tables=self.target_tables,
            )
        row, count = rolled.row[metric], len(weeks)
        return pd.DataFrame(
            {
                "day": pd.to_datetime([w.last for w in weeks]),
                "value": rolled.amount[row, :count],
                "state": [STATES[code] for code in rolled.state[row, :count]],
                "year_earlier": rolled.amount[row, count : 2 * count],
                "target": rolled.target[row, :count],
            }
        )

    def _weeks_between(self, first: date, last: date) -> list[Period]:
        newest = self.calendar.week(last)
        count = (newest.last - self.calendar.week_of(first).last).days // 7 + 1
        return list(self.calendar.trailing_weeks(newest.last, count))

    def with_operands(self, definition: Metric) -> list[Metric]:
        """A metric and all it is computed from, operands first."""
        wanted: set[str] = set()
        asked = [definition.id]
        while asked:
            name = asked.pop()
            if name not in wanted:
                wanted.add(name)
                measure = self.whole.definitions.metrics[name].measure
                asked += [*operands(measure), *target_operands(measure)]
        return self.ordered(wanted)

    def ordered(self, names: Container[str]) -> list[Metric]:
        """Some metrics as they are computed, every one after those it is computed from."""
        whole = self.whole.registry
        return [whole.definitions.metrics[name] for name in whole.order if name in names]

    @property
    def target_tables(self) -> dict[str, str]:
        """The stored series of each metric whose targets stand in a table."""
        return {m: TABLE_OF_TARGETS.format(m) for m in self.whole.definitions.targets}

    def restatements(self, metric: str | None = None) -> pd.DataFrame:
        """Values that changed after they were told, of one metric or all; see `Store.restatements`."""
        names = None if metric is None else list(self._stored(self.metric(metric)))
        if metric is None and self.hidden.metrics:
            names = list(self._own_series)
        return self.store.restatements(names)

    def provenance(self, metric: str) -> pd.DataFrame:
        """Where each number of a metric came from: source, file and load; see `Store.provenance`."""
        return self.store.provenance(list(self._stored(self.metric(metric))))

    def _stored(self, definition: Metric) -> tuple[str, ...]:
        """The stored series behind a metric, through everything it is computed from."""
        seen = (m for m in self.with_operands(definition) if m.id not in self.hidden.metrics)
        return tuple(dict.fromkeys(s for m in seen for s in series_of(m.measure)))

    @property
    def _own_series(self) -> tuple[str, ...]:
        """Every stored series that a metric reads which is seen here."""
        return tuple(
            dict.fromkeys(s for m in self.definitions.metrics.values() for s in series_of(m.measure))
        )

    # --- decisions ---------------------------------------------------------------------------

    @cached_property
    def journal(self) -> Journal:
        """What people decided."""
        return Journal(self._journal_url or f"sqlite:///{self.folder.resolve() / 'journal.sqlite'}")

    @property
    def decisions_version(self) -> str:
        """Changes with everything people decide."""
        return self.journal.version

    @property
    def limits_version(self) -> str:
        """Changes with what people decide about limits, and with nothing else."""
        return self.limits.version

    def decisions(self) -> dict[str, Decisions]:
        """Dividers and excluded points by metric."""
        return self.limits.decisions()

    @cached_property
    def importing(self) -> Importing:
        """Targets and annotations from files."""
        return Importing(self)

    @cached_property
    def exporting(self) -> Exporting:
        """Decks as files to carry away."""
        return Exporting(self)

    @cached_property
    def entering(self) -> Entering:
        """Roles and logins."""
        return Entering(self)

    @cached_property
    def limits(self) -> Limits:
        """Dividers and exclusions: declaring and ending them."""
        return Limits(self)

    @cached_property
    def drivers(self) -> Drivers:
        """What drove a change."""
        return Drivers(self)

    @cached_property
    def goals(self) -> Goals:
        """Goals, their pace and their status."""
        return Goals(self)

    @cached_property
    def evidence(self) -> Evidence:
        """Whether inputs move outputs."""
        return Evidence(self)

    @cached_property
    def beliefs(self) -> Beliefs:
        """What the company believes drives what."""
        return Beliefs(self)

    @cached_property
    def quarters(self) -> Quarters:
        """The quarterly metric review of each owner."""
        return Quarters(self.loop.chronicle)

    @cached_property
    def preparing(self) -> Preparing:
        """Everything that can be done before the people come."""
        return Preparing(self)

    @cached_property
    def rooms(self) -> Rooms:
        """Disk use and compaction."""
        return Rooms(self)

    @cached_property
    def querying(self) -> Querying:
        """How the queries of `sql` sources are run."""
        return Querying(self)

    @cached_property
    def voicing(self) -> Voicing:
        """What a deck is told of people."""
        return Voicing(self)

    @cached_property
    def erasing(self) -> Erasing:
        """Taking a person out of all that was written."""
        return Erasing(self)

    @cached_property
    def loop(self) -> Loop:
        """The week as people work through it."""
        return Loop(self)

    @cached_property
    def observing(self) -> Observing:
        """Values as numbers, for other programs."""
        return Observing(self)

    @cached_property
    def pushing(self) -> Pushing:
        """What programs push."""
        return Pushing(self)

    @cached_property
    def tokens(self) -> Tokens:
        """What lets programs in."""
        return Tokens(self)

    # --- definitions -------------------------------------------------------------------------

    def findings(self) -> tuple[Finding, ...]:
        """What a careful reader would mend in the definitions, though they are valid."""
        return registry.lint(self.registry)

    # --- sources -----------------------------------------------------------------------------

    @property
    def all_sources(self) -> dict[str, Source]:
        """The declared sources, and the tables of dated targets as sources of their own."""
        tables = {
            f"targets:{metric}": _as_source(metric, table)
            for metric, table in self.definitions.targets.items()
        }
        return {**self.definitions.sources, **tables}

    def source(self, name: str) -> Source:
        """A declared source; UnknownNameError with a hint if there is none."""
        if name not in self.all_sources:
            raise UnknownNameError(f"{name!r} is not among sources. {hint(name, self.all_sources)}")
        return self.all_sources[name]

    def source_of(self, file: Path) -> str:
        """The source whose declared files include this one.

        Raises:
            SourceError: None does, or several do; the message says how to name one.
        """
        path = file.resolve()
        holders = [
            name
            for name, source in self.all_sources.items()
            if source.form not in WITHOUT_FILE
            and any(p.resolve() == path for p in self.folder.glob(source.path))
        ]
        if len(holders) == 1:
            return holders[0]
        known = ", ".join(holders or self.all_sources)
        why = "several sources read it" if holders else "no source declares it"
        raise SourceError(f"{file}: {why}. Say which one it belongs to: --source NAME, one of {known}.")

    def load(
        self,
        names: Sequence[str] = (),
        *,
        files: Mapping[str, Sequence[Path]] | None = None,
        keep_good: bool = False,
        whole: bool = False,
        by: str = "",
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load sources into the store; loading twice keeps nothing new.

        Args:
            names: Sources to load; by default every declared one that nobody pushes to, and every table
                of targets.
            files: Files to read in place of the declared ones, by source.
            whole: Ask queries for all days again, and not only for those that may have changed.
            keep_good: Load the good rows and keep the refused cells, instead of refusing the source.
            by: Who loads.
            progress: Called with what is being done and the share done, 0 to 1.

        Raises:
            SourceError: A cell was refused, or a query's rows come several times over; nothing of any source
                is loaded.
            NotAllowedError: Somebody of `people` loads who has no right to.
        """
        self.may(by, "load")
        if self._whole is not None:
            report = self._whole.load(
                names, files=files, whole=whole, keep_good=keep_good, by=by, progress=progress
            )
            # A sentence may name what is not seen here.
            return replace(report, notices=()) if self.hidden.metrics else report
        given = files or {}
        told = [n for n, s in self.all_sources.items() if s.form != "push"]
        wanted = list(names) or list(given) or told
        readings: list[ingest.Readings] = []
        assumed: list[str] = []
        for done, name in enumerate(wanted):
            told_of = None if progress is None else partial(_scaled, progress, done, len(wanted) + 1)
            if told_of:
                told_of(f"reading {name}", 0.0)
            reading = self.read(name, given.get(name), keep_good=keep_good, whole=whole, progress=told_of)
            readings.append(reading)
            assumed += reading.notices
            if self.source(name).form == "sql" and name not in given:
                assumed += Noticing(self).of_query(reading)
        if progress:
            progress("writing the store", len(wanted) / (len(wanted) + 1))
        report = self.store.add(readings, self.now().astimezone(UTC), by=by)
        if progress:
            progress("done", 1.0)
        return replace(report, notices=(*assumed, *first_seen(report)))

    def read(
        self,
        name: str,
        files: Sequence[Path] | None = None,
        *,
        keep_good: bool = False,
        whole: bool = False,
        progress: Progress | None = None,
    ) -> ingest.Readings:
        """What a source holds now, without loading it; the parts are explained at `load`.

        Raises:
            SourceError: A cell was refused, or there is nothing to read.
        """
        return ingest.read(
            name,
            self.source(name),
            self.folder,
            keep_good=keep_good,
            calendar=self.calendar,
            files=files,
            query=None if files is not None else self.querying.query(name, whole=whole),
            progress=progress,
        )

    def undo(self, load: int, *, by: str = "") -> LoadReport:
        """Take a load back: its values stay in history, the current ones are those before it.

        Raises:
            NotAllowedError: Somebody of `people` takes it back who has no right to.
        """
        self.may(by, "undo_load")
        return self.store.undo(load, self.now().astimezone(UTC), by=by)

    def may(self, person: str, act: str) -> None:
        """Refuse an act to somebody of `people` without the right.

        Who is none of them has come by the command line: whoever may write the folder may do anything.

        Raises:
            NotAllowedError: The message says who may.
        """
        if person in self.definitions.people:
            checked(self.definitions, person, act)

    def loads(self) -> pd.DataFrame:
        """Every load, newest first; see `Store.loads`. Of its sources, those that are seen here."""
        told = self.store.loads()
        if self.hidden.metrics:
            unseen = self.whole.all_sources.keys() - self.all_sources.keys()
            unseen |= {f"targets:{metric}" for metric in self.hidden.metrics}
            told["sources"] = [
                ", ".join(name for name in str(names).split(", ") if name not in unseen)
                for names in told["sources"]
            ]
        return told

    def rejects(self, load: int) -> pd.DataFrame:
        """The refused cells of one load; see `Store.rejects`."""
        told = self.store.rejects(load)
        if not self.hidden.metrics:
            return told
        kept = [
            source in self.all_sources and not any(map(self._unnamed, cells))
            for source, *cells in told[["source", "column", "cell", "reason"]].itertuples(index=False)
        ]
        return told[kept].reset_index(drop=True)

    def _unnamed(self, words: object) -> bool:
        """Whether words are a column that nobody sees, or name something hidden."""
        said = str(words)
        return said in self._unseen_columns or self.sieve.names_hidden(said)

    @cached_property
    def _unseen_columns(self) -> frozenset[str]:
        """The columns and series of sources that only hidden metrics read."""
        mine = _columns(self.all_sources)
        return (_columns(self.whole.all_sources) - mine) | self.hidden.metrics

    def sources(self) -> pd.DataFrame:
        """Each source and how fresh it is.

        Returns:
            One row per source, in the order declared: `source`, `files` (pattern), `grain`,
            `last_loaded_at` (UTC), `last_day`, `days_behind` (from the end of the latest complete week;
            never negative), `state` (fresh, late, ended, never loaded), `series`, `rows`, `refused`. A
            source has ended if only retired metrics read it.
        """
        latest = self.calendar.latest_week(self.now(), self.definitions.company.time_zone).last
        key = self.version, latest
        if self._known_sources is None or self._known_sources[0] != key:
            told = self._sources(latest) if self._whole is None else self._whole.sources()
            kept = told[told["source"].isin(list(self.all_sources))].reset_index(drop=True)
            self._known_sources = key, kept
        return self._known_sources[1].copy()

    def _sources(self, latest: date) -> pd.DataFrame:
        told = {str(row["source"]): row for row in self.store.sources(self.now().date()).to_dict("records")}
        columns = ["source", "files", "grain", "last_loaded_at", "last_day", "days_behind", "state"]
        columns += ["series", "rows", "refused"]
        rows = []
        for name, source in self.all_sources.items():
            known = told.get(name)
            last_day = None
            if known is not None and not pd.isna(known["last_day"]):
                last_day = pd.Timestamp(known["last_day"]).date()
            behind = max((latest - last_day).days, 0) if last_day else None
            allowed = source.late_after_days or {"day": 0, "week": 0, "month": 31}[source.grain]
            state = "late" if behind is not None and behind > allowed else "fresh"
            if state == "late" and self._ended(name):
                state = "ended"
            rows.append(
                {
                    "source": name,
                    "files": source.path or "told by a program",
                    "grain": source.grain,
                    "last_loaded_at": None if known is None else known["loaded_at"],
                    "last_day": last_day,
                    "days_behind": behind,
                    "state": "never loaded" if known is None else state,
                    "series": 0 if known is None else int(known["series"]),
                    "rows": 0 if known is None else int(known["rows"]),
                    "refused": 0 if known is None else int(known["refused"]),
                }
            )
        return pd.DataFrame(rows, columns=columns)

    def _ended(self, source: str) -> bool:
        """Whether some metric reads the source, and all that do are retired."""
        told = self.store.provenance(None)
        series = set(told.loc[told["source"] == source, "series"])
        readers = [m for m in self.definitions.metrics.values() if series & set(series_of(m.measure))]
        return bool(readers) and all(m.retired for m in readers)


def _number(version: str) -> int:
    """Of the newest fact of a version of the journal."""
    return int(version.partition("-")[0] or 0)


def _columns(sources: Mapping[str, Source]) -> frozenset[str]:
    """The ids and columns of the series that sources name."""
    return frozenset(
        name
        for source in sources.values()
        for field in ("series", "samples")
        if isinstance(told := getattr(source, field, None), Mapping)
        for name in (*told, *told.values())
    )


def _scaled(progress: Progress, done: int, steps: int, what: str, share: float) -> None:
    """How far one of several steps is, as a share of all."""
    progress(what, (done + share) / steps)


def _as_source(metric: str, table: TargetTable) -> WideSource:
    """A table of dated targets, read like any source: one series."""
    return WideSource(
        csv=table.csv,
        date=table.date,
        grain=table.grain,
        series={TABLE_OF_TARGETS.format(metric): table.value_column},
    )


def _limits(store: Store | EngineStore, series: Sequence[str]) -> tuple[date | None, date | None]:
    """First and last day of some stored series."""
    if not store.version:
        return None, None
    told = store.coverage(series).dropna(subset=["first_day", "last_day"])
    if told.empty:
        return None, None
    return pd.Timestamp(told["first_day"].min()).date(), pd.Timestamp(told["last_day"].max()).date()


def _forget_old(decks: OrderedDict[Any, Deck], newest: tuple[str, str]) -> None:
    """Drop decks of earlier loads and decisions, which nobody opens any more, and the oldest of too many."""
    for key in list(decks):
        if key[:2] != newest:
            decks.pop(key, None)
    while len(decks) >= REMEMBERED:
        decks.popitem(last=False)


def fingerprint(folder: Path) -> str:
    """What changes when a definition file does: names, times and sizes of the YAML files."""
    files = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p.is_file())
    return "|".join(f"{p.name}:{p.stat().st_mtime_ns}:{p.stat().st_size}" for p in files)
