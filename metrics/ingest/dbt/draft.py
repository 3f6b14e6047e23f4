"""A dbt project's metrics as a first workspace, and what of them has no counterpart here.

    semantic model ─► one query a model: days, and each measure a column
    simple         ─► total, min, max, latest; an average is its sum over its count
    ratio          ─► total ÷ total
    derived        ─► sum, difference, product, quotient of other metrics
    all else       ─► a sentence that says why, and what to do

A count of distinct things, a median and a percentile cannot be put together from days, so they are told and
not drafted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from metrics.ingest.dbt.manifest import DIALECTS, Measure, Model, Project, Spec, filters
from metrics.ingest.dbt.range import between
from metrics.ingest.guesses import Seen, guess
from metrics.ingest.naming import comment, scalar, slug

_FOLDS = {"sum": "total", "count": "total", "sum_boolean": "total", "min": "min", "max": "max"}
_SIGNS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient"}
_DIMENSION = re.compile(r"\{\{\s*(Dimension|TimeDimension|Entity|Metric)\(\s*'([^']+)'[^)]*\)\s*\}\}")


@dataclass(frozen=True)
class Drafted:
    """A workspace as text, and what could not be brought along.

    Attributes:
        files: Path inside the workspace to content.
        carried: Names of the metrics that are in it.
        not_carried: One sentence each, in the order of the metrics.
    """

    files: Mapping[str, str]
    carried: tuple[str, ...]
    not_carried: tuple[str, ...]


class _UnfitError(Exception):
    """Why a metric has no counterpart. Never leaves this module."""


@dataclass
class _Query:
    """The columns that one model's query is to tell: series to SQL."""

    model: Model
    day: str
    columns: dict[str, str] = field(default_factory=dict)


class _Draft:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.queries: dict[tuple[str, str], _Query] = {}
        self.measures: dict[str, str] = {}  # Metric to its `measure:` as YAML.
        self.why: dict[str, str] = {}
        self.people: dict[str, tuple[str, str]] = {}

    def metric(self, name: str, above: tuple[str, ...] = ()) -> str:
        """The id of a metric, drafted if it was not yet.

        Raises:
            _UnfitError: It has no counterpart.
        """
        spec = self.project.metrics.get(name)
        if spec is None:
            raise _UnfitError(f"{name} is not among the project's metrics")
        if name in above:
            raise _UnfitError("it is computed from itself")
        if name in self.why:
            raise _UnfitError(f"{name} has no counterpart: {self.why[name]}")
        if name not in self.measures:
            try:
                self.measures[name] = self._measure(spec, (*above, name))
            except _UnfitError as error:
                self.why[name] = str(error)
                raise
        return slug(name)

    def _measure(self, spec: Spec, above: tuple[str, ...]) -> str:
        match spec.kind:
            case "simple":
                return self._simple(spec)
            case "ratio":
                return self._ratio(spec)
            case "derived":
                return self._derived(spec, above)
            case "cumulative":
                return self._cumulative(spec)
            case "conversion":
                raise _UnfitError(
                    "a conversion joins two events of one person; make the joined counts a model and take "
                    "their ratio"
                )
            case other:
                raise _UnfitError(f"metrics of type {other} are not known")

    # --- the kinds ---------------------------------------------------------------------------

    def _simple(self, spec: Spec) -> str:
        measure, model, wheres = self._input(spec.params.get("measure") or {}, spec.filters)
        if measure.agg == "average":
            return self._ratio_of(
                self._column(model, measure, "sum", f"{measure.name}__sum", wheres),
                self._column(model, measure, "count", f"{measure.name}__count", wheres),
            )
        name = self._column(model, measure, measure.agg, measure.name, wheres)
        how = "latest" if measure.level else _FOLDS[measure.agg]
        return f"{{how: {how}, series: {name}}}"

    def _ratio(self, spec: Spec) -> str:
        parts = []
        for side in ("numerator", "denominator"):
            told = spec.params.get(side) or {}
            below = self.project.metrics.get(str(told.get("name")))
            if below is None or below.kind != "simple":
                raise _UnfitError(f"its {side} is no simple metric; make it a derived metric, a / b")
            if told.get("offset_window") or told.get("offset_to_grain"):
                raise _UnfitError(f"its {side} is shifted in time")
            wheres = (*spec.filters, *below.filters, *filters(told))
            measure, model, asked = self._input(below.params.get("measure") or {}, wheres)
            if measure.agg not in {"sum", "count", "sum_boolean"} or measure.level:
                raise _UnfitError(f"its {side} {below.name} does not add up over days")
            parts.append(self._column(model, measure, measure.agg, measure.name, asked))
        return self._ratio_of(*parts)

    def _derived(self, spec: Spec, above: tuple[str, ...]) -> str:
        inputs = spec.params.get("metrics") or []
        if any(one.get("offset_window") or one.get("offset_to_grain") for one in inputs):
            raise _UnfitError(
                "it compares with another time; every chart shows the year before and the change of the week"
            )
        if spec.filters or any(filters(one) for one in inputs):
            raise _UnfitError("it filters what other metrics tell; put the filter on those")
        named = {str(one.get("alias") or one["name"]): str(one["name"]) for one in inputs}
        how, words = _operation(str(spec.params.get("expr") or ""))
        unknown = [word for word in words if word not in named]
        if unknown:
            raise _UnfitError(f"its expression names {unknown[0]}, which is none of its metrics")
        ids = [self.metric(named[word], above) for word in words]
        return f"{{how: {how}, of: [{', '.join(ids)}]}}"

    def _cumulative(self, spec: Spec) -> str:
        params = {**spec.params, **(spec.params.get("cumulative_type_params") or {})}
        window = params.get("window") or {}
        weeks = _weeks(window)
        if weeks is None:
            told = f"{window.get('count')} {window.get('granularity')}s" if window else "all time"
            raise _UnfitError(
                f"it runs over {told}; windows of 2 to 13 weeks are known here, and every chart shows the "
                "month, quarter and year to date"
            )
        measure, model, wheres = self._input(params.get("measure") or {}, spec.filters)
        if measure.agg not in {"sum", "count", "sum_boolean"} or measure.level:
            raise _UnfitError(f"its measure {measure.name} does not add up over days")
        name = self._column(model, measure, measure.agg, measure.name, wheres)
        rolling = f", rolling_weeks: {weeks}" if weeks > 1 else ""
        return f"{{how: total, series: {name}{rolling}}}"

    # --- measures ----------------------------------------------------------------------------

    def _input(
        self, told: Mapping[str, Any], wheres: tuple[str, ...]
    ) -> tuple[Measure, Model, tuple[str, ...]]:
        """A measure, its model and its filters, if days of it can be put together."""
        name = str(told.get("name") or "")
        for model in self.project.models.values():
            if name in model.measures:
                measure = model.measures[name]
                break
        else:
            raise _UnfitError(f"its measure {name or '(none)'} is in no semantic model")
        if measure.agg == "count_distinct":
            raise _UnfitError(
                f"{name} counts distinct things, and those of days do not add up to those of a week; "
                "tell them a week at a time in a source of `grain: week`"
            )
        if measure.agg not in {*_FOLDS, "average"}:
            raise _UnfitError(
                f"a {measure.agg} cannot be put together from days; bring the samples in a source with "
                "`samples`"
            )
        if measure.semi_additive and not measure.level:
            raise _UnfitError(f"{name} must not be added up over time in a way that is not known here")
        if measure.day not in model.dimensions:
            raise _UnfitError(f"{name} has no time dimension")
        return measure, model, (*wheres, *filters(told))

    def _column(self, model: Model, measure: Measure, agg: str, name: str, wheres: tuple[str, ...]) -> str:
        """The series of a measure under filters; its column is put into the model's query."""
        expr = measure.expr
        if agg == "sum_boolean":
            agg, expr = "sum", f"case when {expr} then 1 else 0 end"
        if agg == "count" and expr == "1":
            agg = "sum"
        if wheres:
            condition = " and ".join(f"({_where(one, model)})" for one in wheres)
            expr = f"case when {condition} then {expr} end"
        query = self.queries.setdefault((model.name, measure.day), _Query(model, measure.day))
        sql = f"{agg}({expr})"
        return _named(query.columns, slug(name), sql, self._taken(query))

    def _taken(self, mine: _Query) -> set[str]:
        return {name for query in self.queries.values() if query is not mine for name in query.columns}

    def _ratio_of(self, numerator: str, denominator: str) -> str:
        return f"{{how: ratio, numerator: {numerator}, denominator: {denominator}}}"

    def owner(self, spec: Spec) -> str | None:
        """The handle of a metric's owner; None if nobody with a name is told."""
        name, mail = spec.owner
        if not name:
            return None
        handle = re.sub(r"[^a-z0-9]+", ".", (mail.split("@")[0] or name).lower()).strip(".") or "owner"
        self.people.setdefault(handle, (name, mail))
        return handle


def _named(columns: dict[str, str], wanted: str, sql: str, taken: set[str]) -> str:
    """The column that already tells this, or a new one of a free name."""
    for name, told in columns.items():
        if told == sql:
            return name
    name, count = wanted, 1
    while name in columns or name in taken:
        count += 1
        name = f"{wanted}_{count}"
    columns[name] = sql
    return name


def _where(template: str, model: Model) -> str:
    """A filter as SQL of the model's own table.

    Raises:
        _UnfitError: It speaks of another table.
    """

    def column(match: re.Match[str]) -> str:
        kind, path = match[1], match[2]
        entity, _, name = path.rpartition("__")
        here = not entity or entity in model.entities
        if kind in {"Dimension", "TimeDimension"} and here and name in model.dimensions:
            return model.dimensions[name]
        raise _UnfitError(f"it is filtered by {path}, which is not in the table of {model.name}")

    sql = _DIMENSION.sub(column, template)
    if "{{" in sql or "{%" in sql:
        raise _UnfitError(f"its filter is not understood: {comment(template)}")
    return comment(sql)


def _operation(expr: str) -> tuple[str, list[str]]:
    """The operation of `a - b - c` and its words, in order.

    Raises:
        _UnfitError: It mixes signs, or holds anything but names.
    """
    bare = re.sub(r"\bnullif\(\s*(\w+)\s*,\s*0(?:\.0)?\s*\)", r"\1", expr.strip(), flags=re.IGNORECASE)
    bare = re.sub(r"\bcast\(\s*(\w+)\s+as\s+\w+\s*\)", r"\1", bare, flags=re.IGNORECASE)
    words = [word.strip().strip("()").strip() for word in re.split(r"[-+*/]", bare)]
    signs = set(re.findall(r"[-+*/]", bare))
    if len(signs) != 1 or len(words) < 2 or not all(re.fullmatch(r"[A-Za-z_]\w*", word) for word in words):
        raise _UnfitError(
            f"its expression is {comment(expr) or 'empty'}; one sign between names of metrics is known here. "
            "Make it in steps"
        )
    return _SIGNS[signs.pop()], words


def _weeks(window: Mapping[str, Any]) -> int | None:
    count, grain = window.get("count"), str(window.get("granularity") or "").rstrip("s")
    if not isinstance(count, int):
        return None
    days = count * {"day": 1, "week": 7}.get(grain, 0)
    return days // 7 if days and days % 7 == 0 and days <= 91 else None


# --- as text -------------------------------------------------------------------------------------


def drafted(project: Project, title: str, now: date) -> Drafted:
    """A workspace for a dbt project's metrics.

    Args:
        project: As its build wrote it down.
        title: Of the company and its deck.
        now: Day of the draft, told in a comment.
    """
    draft = _Draft(project)
    told: list[str] = []
    carried: list[Spec] = []
    for spec in project.metrics.values():
        try:
            draft.metric(spec.name)
            carried.append(spec)
        except _UnfitError as error:
            told.append(f"{spec.name} ({spec.kind}): {error}.")
    lines: dict[str, list[str]] = {}
    for spec in carried:
        lines[spec.name] = _metric_lines(spec, draft.measures[spec.name], draft.owner(spec))
    title = title.strip() or project.name.replace("_", " ").capitalize() or "Weekly business review"
    files = {
        "workspace.yaml": "\n".join(_workspace_lines(project, draft, title, now)) + "\n",
        "metrics.yaml": "\n".join(
            [
                "# Drafted from dbt. All are outputs: finding the inputs, and who moves them, is the work",
                "# of the review. `better` and `unit` are guessed from the names.",
                "",
                "metrics:" if lines else "metrics: {}",
                *(line for one in lines.values() for line in one),
            ]
        )
        + "\n",
        "deck.yaml": "\n".join(_deck_lines(carried, title)) + "\n",
    }
    for query in draft.queries.values():
        files[f"sql/{_file(query)}.sql"] = _sql(query, DIALECTS.get(project.adapter, ""))
    return Drafted(files, tuple(spec.name for spec in carried), tuple(told))


def _file(query: _Query) -> str:
    return slug(f"{query.model.name} {query.day}")


def _sql(query: _Query, dialect: str) -> str:
    model = query.model
    day = model.dimensions[query.day]
    kind = model.types.get(day.rpartition(".")[2].strip('"`').lower(), "")
    asked, about = between(day, kind, time=query.day in model.times, dialect=dialect)
    columns = [f"    {sql} as {name}" for name, sql in query.columns.items()]
    return "\n".join(
        [
            f"-- Days of {comment(query.model.name)}, from dbt. :from and :to are the days asked for.",
            *([f"-- {comment(about)}"] if about else []),
            "select",
            f"    cast({day} as date) as day,",
            ",\n".join(columns),
            f"from {query.model.relation}",
            f"where {asked}",
            "group by 1",
            "",
        ]
    )


def _workspace_lines(project: Project, draft: _Draft, title: str, now: date) -> list[str]:
    dialect = DIALECTS.get(project.adapter, "")
    lines = [
        f"# Drafted on {now} from the dbt project {comment(project.name) or '(no name)'}.",
        "# All *.yaml here are read. Change what is wrong; `wbr check` tells all mistakes with their lines.",
        "",
        "company:",
        f"  name: {scalar(title)}",
        "  currency: USD   # assumed",
        "  # Decides when a week is over; for example America/New_York.",
        "  time_zone: UTC",
        "",
        "calendar:",
        "  week_ends_on: saturday",
        "  fiscal_year_ends: december",
        "",
        "# true: a metric without an owner leaves the deck and is listed on page 0.",
        "require_owner: false",
        "",
    ]
    if draft.people:
        lines += ["people:"]
        lines += [
            f"  {handle}: {{name: {scalar(name)}, "
            f"{f'email: {scalar(mail)}, ' if mail else ''}roles: [owner]}}"
            for handle, (name, mail) in draft.people.items()
        ]
        lines.append("")
    if not draft.queries:
        return [*lines, "sources: {}"]
    lines += [
        "# The address of the warehouse comes from the environment, such as postgresql://user:password@host/db.",
        "connections:",
        f"  warehouse: {{url_env: WAREHOUSE_URL}}{f'   # {dialect}' if dialect else ''}",
        "",
        "sources:",
    ]
    for query in draft.queries.values():
        lines += [
            f"  {_file(query)}:",
            f"    sql: sql/{_file(query)}.sql",
            "    connection: warehouse",
            "    date: {column: day}",
            "    look_back_days: 7   # asked for again each time, for what comes late",
            "    series:",
            *(f"      {name}: {name}" for name in query.columns),
        ]
    return lines


def _metric_lines(spec: Spec, measure: str, owner: str | None) -> list[str]:
    how = re.match(r"\{how: (\w+)", measure)
    guessed = guess(Seen(spec.name, None, None, False, False))
    unit = guessed.unit
    if how is not None and how[1] in {"ratio", "quotient"} and unit == "count":
        unit = "number"
    lines = [
        f"  {slug(spec.name)}:",
        f"    name: {scalar(comment(spec.label))}",
        "    kind: output",
        f"    owner: {owner or 'null'}",
        f"    unit: {unit}",
        f"    better: {guessed.better}",
    ]
    if spec.description:
        lines.append(f"    meaning: {scalar(comment(spec.description))}")
    return [*lines, f"    measure: {measure}", ""]


def _deck_lines(carried: list[Spec], title: str) -> list[str]:
    lines = [
        "# What the deck shows, in reading order. Inputs come before the outputs they move; finance closes.",
        "",
        "decks:",
        "  company:",
        f"    title: {scalar(title)}",
        "    sections:",
        f"      - title: {scalar(title)}",
    ]
    blocks = [f"          - {slug(spec.name)}" for spec in carried]
    return [*lines, "        blocks:", *blocks] if blocks else [*lines, "        blocks: []"]
