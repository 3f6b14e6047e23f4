"""The configuration of the open-source wbr-app (v2.2) as it is written: plain values with their lines.

Nothing of it is ever executed: a filter is read by a grammar of its own (`column == 'value'`,
joined by `and`), and what that grammar does not know is told, not tried.

Source: the format as wbr-app's own documentation describes it (docs/yaml, Apache License 2.0).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, get_args

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from metrics.definitions import Month
from metrics.errors import DefinitionError, hint
from metrics.ingest.naming import comment

FOLDS = {
    "sum": "total", "mean": "mean", "min": "min", "max": "max", "first": "first", "last": "latest",
}  # fmt: skip
FUNCTIONS = {"sum": "sum", "difference": "difference", "product": "product", "divide": "quotient"}
COMPARISONS = ("YOY", "MOM", "WOW")  # wbr-app makes three such metrics of every metric, by suffix.
AXES = ("trailing_twelve_months", "fiscal_year")
DEEPEST = 20  # Functions inside functions; also the end of a function that contains itself.

TARGET = re.compile(r"[\s_-]*target$", re.IGNORECASE)
_COMPARISON = re.compile(
    r"""\s*(?P<open>\()?\s*
        (?:`(?P<quoted>[^`]{1,200})`|(?P<plain>[^\W\d]\w{0,200}))\s*==\s*
        (?:'(?P<single>[^'\\]{1,200})'|"(?P<double>[^"\\]{1,200})"|(?P<whole>\d{1,18}))
        \s*(?P<close>\))?\s*""",
    re.VERBOSE,
)
_AND = re.compile(r"and\b|&&?")


def condition(query: str) -> tuple[tuple[str, str], ...] | None:
    """The (column, value) pairs that a filter asks for; None if it asks for anything else.

    Reads `col == 'x'`, a number or a double-quoted text instead of 'x', a column in backticks,
    and several of them joined by `and` or `&`, each in its own brackets or none. Nothing is evaluated.
    """
    found: dict[str, str] = {}
    at = 0
    while True:
        match = _COMPARISON.match(query, at)
        if match is None or (match["open"] is None) != (match["close"] is None):
            return None
        column = match["quoted"] or match["plain"]
        value = match["single"] or match["double"] or match["whole"]
        if found.setdefault(column, value) != value:
            return None  # Two values of one column at once: no row can satisfy it.
        at = match.end()
        if at == len(query):
            return tuple(found.items())
        joined = _AND.match(query, at)
        if joined is None:
            return None
        at = joined.end()


# --- the configuration as it is written -----------------------------------------------------


def _document(text: str) -> CommentedMap:
    try:
        config = YAML().load(text.removeprefix("\ufeff"))
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DefinitionError(
            f"The wbr-app config is not YAML{line}: {error.problem or error.context}. "
            "Mend it and import again."
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise DefinitionError(
            f"The wbr-app config is not YAML: {error}. Mend it and import again."
        ) from error
    if not isinstance(config, CommentedMap):
        raise DefinitionError(
            "The wbr-app config, line 1, has no keys at the top. It needs `setup`, `metrics` and `deck`."
        )
    return config


@dataclass
class Told:
    """What has to be said about the configuration: mistakes that stop, and what is left behind."""

    mistakes: list[tuple[int, str]] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    together: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def mistake(self, line: int, place: str, what: str) -> None:
        """Something that wbr-app itself would refuse."""
        self.mistakes.append((line, f"line {line}, {place}: {what}"))

    def tell(self, line: int, place: str, what: str) -> None:
        """Something that is left behind or changed."""
        self.left.append((line, f"Line {line}, {comment(place)}: {what}"))

    def gather(self, sentence: str, line: int) -> None:
        """The same remark about many lines is one sentence."""
        self.together[sentence].append(line)

    def stop_on_mistakes(self) -> None:
        """Raise all mistakes at once, in the order of their lines."""
        if self.mistakes:
            listed = "".join(f"\n- {text}" for _, text in sorted(self.mistakes))
            raise DefinitionError(f"The wbr-app config has mistakes ({len(self.mistakes)}):{listed}")

    def sentences(self) -> tuple[str, ...]:
        """All that is left behind, in the order of the lines."""
        gathered = [
            (
                min(lines),
                f"Line{'s' * (len(lines) > 1)} {', '.join(map(str, sorted(set(lines))))}: {sentence}",
            )
            for sentence, lines in self.together.items()
        ]
        return tuple(dict.fromkeys(text for _, text in sorted(self.left + gathered)))


def _line(where: CommentedMap | CommentedSeq, key: Any = None) -> int:
    """The line, counted from 1, of a key or item; of the collection itself where it has no own line."""
    try:
        if key is None:
            return int(where.lc.line) + 1
        return int(where.lc.key(key)[0] if isinstance(where, CommentedMap) else where.lc.item(key)[0]) + 1
    except (AttributeError, KeyError, TypeError):
        return int(where.lc.line or 0) + 1  # A missing key, or one that a merge (<<) brought along.


def _text(value: Any) -> str | None:
    """A scalar as it is read; None for nothing, for an empty text and for a collection."""
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value).strip() or None


def shown(value: Any) -> str:
    """A value as a sentence can hold it. A collection is only named: an alias may make it endless."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a mapping"
    text = comment(str(value))
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _is_off(value: Any) -> bool:
    return value is False or str(value).lower() in ("false", "no", "off")


def _unknown(where: CommentedMap, known: Sequence[str], place: str, told: Told) -> None:
    for key in where:
        if key not in known:
            told.tell(
                _line(where, key), f"{place}.{key}", f"is unknown and was left out. {hint(str(key), known)}"
            )


@dataclass(frozen=True)
class Setup:
    """The `setup` section; `year_ends` is the month, `axis` the months of a chart that says nothing."""

    week_ending: date
    week_number: int | None
    title: str
    year_ends: str
    first_number: int
    axis: str


def day_of(text: str) -> date | None:
    """A day as wbr-app's users write it: 25-SEP-2021, 2021-09-25, `Sat, 25-Sep-2021`, or with a time."""
    text = re.sub(r"^[A-Za-z]{3,9},?\s+", "", text.strip())
    for form in ("%d-%b-%Y", "%Y-%m-%d", "%d %b %Y", "%d-%B-%Y", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _setup(config: CommentedMap, told: Told) -> Setup:
    setup = config.get("setup")
    if not isinstance(setup, CommentedMap):
        told.mistake(_line(config, "setup"), "setup", "is missing. It needs at least `week_ending`.")
        setup = CommentedMap()
    known = (
        "week_ending", "week_number", "title", "fiscal_year_end_month", "block_starting_number",
        "x_axis_monthly_display", "tooltip", "db_config_url",
    )  # fmt: skip
    _unknown(setup, known, "setup", told)

    written = _text(setup.get("week_ending"))
    ending = day_of(written) if written else None
    if ending is None and "setup" in config:
        reason = "is missing" if written is None else f"{shown(written)} is not a day"
        told.mistake(
            _line(setup, "week_ending"), "setup.week_ending", f"{reason}. Write it like 25-SEP-2021."
        )

    month = (_text(setup.get("fiscal_year_end_month")) or "DEC").lower()
    months = [name for name in get_args(Month) if len(month) >= 3 and name.startswith(month)]
    if len(months) != 1:
        told.mistake(
            _line(setup, "fiscal_year_end_month"), "setup.fiscal_year_end_month",
            f"{shown(month)} is not a month. Write its first three letters, like DEC.",
        )  # fmt: skip

    number = _whole(setup, "week_number", 1, 53, told)
    first = _whole(setup, "block_starting_number", 1, 100_000, told)
    axis = _axis(setup, "setup", told) or AXES[0]
    return Setup(
        week_ending=ending or date.min,
        week_number=number,
        title=_text(setup.get("title")) or "Weekly business review",
        year_ends=months[0] if months else "december",
        first_number=first or 1,
        axis=axis,
    )


def _whole(setup: CommentedMap, key: str, least: int, most: int, told: Told) -> int | None:
    value = setup.get(key)
    if value is None:
        return None
    text = _text(value) or ""
    if text.isascii() and text.isdigit() and least <= int(text[:9]) <= most:
        return int(text)
    told.tell(
        _line(setup, key), f"setup.{key}",
        f"{shown(value)} is not a whole number from {least} to {most} and was left out.",
    )  # fmt: skip
    return None


def _axis(where: CommentedMap, place: str, told: Told) -> str | None:
    value = _text(where.get("x_axis_monthly_display"))
    if value is None or value in AXES:
        return value
    told.tell(
        _line(where, "x_axis_monthly_display"), f"{place}.x_axis_monthly_display",
        f"{shown(value)} is neither of {' and '.join(AXES)} and was left out.",
    )  # fmt: skip
    return None


# --- metrics -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Folded:
    """A column folded over the days: `how` in our words, `where` the segments kept."""

    column: str
    how: str
    where: tuple[tuple[str, str], ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Computed:
    """Other metrics combined: `how` in our words."""

    how: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Metric:
    """One metric, and whether its changes are told in basis points."""

    name: str
    line: int
    measure: Folded | Computed
    in_bps: bool = False


def _metrics(config: CommentedMap, told: Told) -> dict[str, Metric]:
    section = config.get("metrics")
    if not isinstance(section, CommentedMap) or not section:
        told.mistake(
            _line(config, "metrics"), "metrics", "is missing or not a mapping. Declare at least one metric."
        )
        return {}
    found: dict[str, Metric] = {}
    for key, body in section.items():
        name, line, place = str(key), _line(section, key), f"metrics.{key}"
        if not isinstance(body, CommentedMap):
            told.tell(line, place, "is not a mapping of `column`, `filter` or `function` and was left out.")
            continue
        known = ("column", "aggf", "filter", "function", "metric_comparison_method", "box_total_scaling")
        _unknown(body, known, place, told)
        method = _text(body.get("metric_comparison_method")) or _text(body.get("box_total_scaling")) or "%"
        if method not in ("%", "bps"):
            told.tell(
                line, f"{place}.metric_comparison_method", f"{shown(method)} is neither % nor bps; % is used."
            )
        kinds = [kind for kind in ("column", "filter", "function") if kind in body]
        if len(kinds) != 1:
            told.tell(
                line, place,
                f"was left out: it needs exactly one of `column`, `filter`, `function`; here: "
                f"{', '.join(kinds) or 'none'}.",
            )  # fmt: skip
            continue
        measure: Folded | Computed | None
        if kinds == ["function"]:
            measure = _function(name, body["function"], line, place, found, told, 0)
        elif kinds == ["filter"]:
            measure = _filter(body, section, place, told)
        else:
            measure = _column(_text(body["column"]), body.get("aggf"), line, place, told)
        if measure is not None:
            found[name] = Metric(name, line, measure, method == "bps")
    return found


def _column(column: str | None, aggf: Any, line: int, place: str, told: Told) -> Folded | None:
    how = FOLDS.get(_text(aggf) or "")
    if column is None:
        told.tell(line, f"{place}.column", "is empty; the metric was left out.")
        return None
    if how is None:
        known = ", ".join(FOLDS)
        was = "is missing" if aggf is None else f"{shown(aggf)} is not one of {known}"
        told.tell(
            line, f"{place}.aggf", f"{was}; the metric was left out. Choose one of {known} and import again."
        )
        return None
    return Folded(column, how)


def _filter(body: CommentedMap, section: CommentedMap, place: str, told: Told) -> Folded | None:
    line = _line(body, "filter")
    stated = body["filter"]
    if not isinstance(stated, CommentedMap):
        told.tell(
            line, f"{place}.filter", "is not a mapping of `base_column` and `query`; the metric was left out."
        )
        return None
    _unknown(stated, ("base_column", "baseColumn", "query"), f"{place}.filter", told)
    base = _text(stated.get("base_column")) or _text(stated.get("baseColumn"))
    named = section.get(base)
    if isinstance(named, CommentedMap) and _text(named.get("column")):
        base = _text(named["column"])  # The base may be an earlier metric: its column is meant.
    folded = _column(base, body.get("aggf"), line, place, told)
    query = _text(stated.get("query"))
    where = condition(query) if query else None
    if folded is None or where is None:
        if folded is not None:
            told.tell(
                _line(stated, "query"), f"{place}.filter.query",
                f"{shown(query)} is not `column == 'value'` (joined by `and`); the metric was left out. "
                "Filters are data here and never run as code: add a column that holds the answer to the "
                "source, and filter on its value.",
            )  # fmt: skip
        return None
    return replace(folded, where=where)


def _function(
    name: str, stated: Any, line: int, place: str, found: dict[str, Metric], told: Told, depth: int
) -> Computed | None:
    """A function metric; functions and columns written inside it become metrics of their own in `found`."""
    place = f"{place}.function"
    if depth > DEEPEST:
        told.tell(line, place, f"is nested deeper than {DEEPEST}; the metric was left out.")
        return None
    operations = list(stated) if isinstance(stated, CommentedMap) else []
    if len(operations) != 1 or str(operations[0]) not in FUNCTIONS:
        told.tell(line, place, f"is not exactly one of {', '.join(FUNCTIONS)}; the metric was left out.")
        return None
    operation = operations[0]
    items = stated[operation]
    if not isinstance(items, CommentedSeq) or len(items) < 2:
        told.tell(
            line, f"{place}.{operation}", "is not a list of two or more operands; the metric was left out."
        )
        return None
    of: list[str] = []
    parts: dict[str, Metric] = {}
    for number, item in enumerate(items):
        at, spot = _line(items, number), f"{place}.{operation}.{number}"
        part = f"{name} part {number + 1}"
        operand = _operand(item, at, spot, told)
        measure: Folded | Computed | None = None
        if isinstance(operand, str):
            of.append(operand)
            continue
        if isinstance(operand, Folded):
            measure = operand
        elif isinstance(item, CommentedMap) and "function" in item:
            measure = _function(part, item["function"], at, spot, parts, told, depth + 1)
        if measure is None:
            if operand is None and not (
                isinstance(item, CommentedMap) and {"function", "column"} & set(item)
            ):
                told.tell(at, spot, "is not a `metric: {name: …}`; the metric was left out.")
            return None
        parts[part] = Metric(part, at, measure)
        of.append(part)
    found.update(parts)
    return Computed(FUNCTIONS[str(operation)], tuple(of))


def _operand(item: Any, line: int, place: str, told: Told) -> str | Folded | None:
    """The name of a metric, or a column with its own folding; None for anything else."""
    if not isinstance(item, CommentedMap):
        return None
    if "metric" in item:
        named = item["metric"]
        return _text(named.get("name") if isinstance(named, CommentedMap) else named)
    if "column" in item:
        inner = item["column"]
        if isinstance(inner, CommentedMap):
            return _column(_text(inner.get("name")), inner.get("aggf"), line, place, told)
        return _column(_text(inner), item.get("aggf"), line, place, told)
    return None


# --- the deck as it is written -------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A line of a chart."""

    name: str
    line: int
    style: str
    legend: str | None


@dataclass(frozen=True)
class Chart:
    """A 6_12Graph."""

    title: str | None
    line: int
    axis: str | None
    scaling: str | None
    drawn: tuple[Drawn, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table; without a metric it is a heading."""

    header: str
    line: int
    metric: str | None
    scaling: str | None


@dataclass(frozen=True)
class Table:
    """A 6_WeeksTable or a 12_MonthsTable, in our words."""

    kind: Literal["weeks_table", "months_table"]
    title: str | None
    line: int
    axis: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Heading:
    """A section with a title."""

    title: str


Block = Chart | Table | Heading


def _deck(config: CommentedMap, told: Told) -> tuple[Block, ...]:
    section = config.get("deck")
    if not isinstance(section, CommentedSeq):
        told.mistake(_line(config, "deck"), "deck", "is missing or not a list of blocks.")
        return ()
    found: list[Block] = []
    for number, item in enumerate(section):
        line, place = _line(section, number), f"deck.{number}"
        block = item.get("block") if isinstance(item, CommentedMap) else None
        if not isinstance(block, CommentedMap):
            told.tell(line, place, "is not a `block` and was left out.")
            continue
        kind = _text(block.get("ui_type")) or ""
        title = _text(block.get("title"))
        if kind == "6_12Graph":
            found.append(_chart(block, title, place, told))
        elif kind in ("6_WeeksTable", "12_MonthsTable"):
            found.append(_table(block, kind, title, place, told))
        elif kind == "section":
            _unknown(block, ("ui_type", "title"), place, told)
            if title:
                found.append(Heading(title))
            else:
                told.gather(
                    "A section without a title is a plain divider; its blocks stay in one section.", line
                )
        elif kind == "embedded_content":
            told.tell(
                line, f"{place} (embedded_content)",
                f"{shown(block.get('source'))} was left out: a deck holds no foreign pages, so that it can "
                "be frozen and printed. Keep its numbers as a file and show them with a `table` block.",
            )  # fmt: skip
        else:
            kinds = ("6_12Graph", "6_WeeksTable", "12_MonthsTable", "section", "embedded_content")
            told.tell(
                line, f"{place}.ui_type",
                f"{shown(block.get('ui_type'))} is unknown and the block was left out. {hint(kind, kinds)}",
            )  # fmt: skip
    return tuple(found)


def _chart(block: CommentedMap, title: str | None, place: str, told: Told) -> Chart:
    known = ("ui_type", "title", "y_scaling", "x_axis_monthly_display", "metrics")
    _unknown(block, known, place, told)
    line, stated = _line(block), block.get("metrics")
    drawn: list[Drawn] = []
    for key in stated if isinstance(stated, CommentedMap) else ():
        at, name = _line(stated, key), str(key)
        body = stated[key] if isinstance(stated[key], CommentedMap) else CommentedMap()
        _unknown(body, ("line_style", "graph_prior_year_flag", "legend_name"), f"{place}.metrics.{key}", told)
        style = (_text(body.get("line_style")) or "").lower()
        if style not in ("primary", "secondary", "target"):
            if style:
                told.tell(
                    at, f"{place}.metrics.{key}.line_style", f"{shown(style)} is unknown; a line is drawn."
                )
            style = "target" if TARGET.search(name) and len(stated) > 1 else "primary"
        if style != "target" and "graph_prior_year_flag" in body and _is_off(body["graph_prior_year_flag"]):
            told.gather(
                "graph_prior_year_flag: false is not carried over; the year earlier is drawn if known.",
                _line(body, "graph_prior_year_flag"),
            )
        drawn.append(Drawn(name, at, style, _text(body.get("legend_name"))))
    return Chart(title, line, _axis(block, place, told), _text(block.get("y_scaling")), tuple(drawn))


def _table(block: CommentedMap, kind: str, title: str | None, place: str, told: Told) -> Table:
    _unknown(block, ("ui_type", "title", "x_axis_monthly_display", "rows"), place, told)
    line, stated = _line(block), block.get("rows")
    rows: list[Row] = []
    for number in range(len(stated) if isinstance(stated, CommentedSeq) else 0):
        item, at = stated[number], _line(stated, number)
        row = item.get("row") if isinstance(item, CommentedMap) else None
        if not isinstance(row, CommentedMap):
            told.tell(at, f"{place}.rows.{number}", "is not a `row` and was left out.")
            continue
        _unknown(row, ("header", "metric", "style", "y_scaling"), f"{place}.rows.{number}", told)
        if _text(row.get("style")):
            told.gather(
                "The style (CSS) of table rows is not carried over; all tables look alike.",
                _line(row, "style"),
            )
        header, metric = _text(row.get("header")), _text(row.get("metric"))
        if header or metric:
            rows.append(Row(header or metric or "", at, metric, _text(row.get("y_scaling"))))
        else:
            told.gather("A row without header and metric is a blank line and was left out.", at)
    weeks = kind == "6_WeeksTable"
    axis = None if weeks else _axis(block, place, told)
    return Table("weeks_table" if weeks else "months_table", title, line, axis, tuple(rows))


# --- where data and annotations come from ----------------------------------------------------


@dataclass(frozen=True)
class Feed:
    """A query or a CSV that the configuration itself names.

    Attributes:
        name: Columns carry it in front: `main_metrics.Clicks`.
        line: Where it is declared.
        connection: Of a query; None for a CSV.
        text: The SQL, or the CSV's path or address.
    """

    name: str
    line: int
    connection: str | None
    text: str


@dataclass(frozen=True)
class Annotation:
    """A dated remark on a metric, as written."""

    line: int
    day: str
    metric: str
    text: str


def annotation(line: int, row: Mapping[Any, Any]) -> Annotation | None:
    """The remark in a row with `Date`, `MetricName`, `EventDescription`; None if one of them is empty."""
    cells = {re.sub(r"[^a-z]", "", str(key).lower()): _text(value) for key, value in row.items()}
    day = cells.get("date")
    metric = cells.get("metricname") or cells.get("metric")
    text = (
        cells.get("eventdescription")
        or cells.get("description")
        or cells.get("comment")
        or cells.get("event")
    )
    return Annotation(line, day, metric, text) if day and metric and text else None


def _feeds(config: CommentedMap, told: Told) -> Iterator[Feed]:
    databases = config.get("data_sources")
    files = config.get("csv_files")
    for connection in databases if isinstance(databases, CommentedMap) else ():
        queries = databases[connection]
        if connection == "csv_files":
            yield from _csv_feeds(queries, told)
            continue
        for name in queries if isinstance(queries, CommentedMap) else ():
            body = queries[name]
            query = _text(body.get("query") if isinstance(body, CommentedMap) else body)
            if query is None:
                told.tell(
                    _line(queries, name), f"data_sources.{connection}.{name}", "has no `query`; left out."
                )
            else:
                yield Feed(str(name), _line(queries, name), str(connection), query)
    yield from _csv_feeds(files, told)


def _csv_feeds(files: Any, told: Told) -> Iterator[Feed]:
    for name in files if isinstance(files, CommentedMap) else ():
        body = files[name]
        path = _text(body.get("url_or_path") if isinstance(body, CommentedMap) else body)
        if path is None:
            told.tell(_line(files, name), f"csv_files.{name}", "has no `url_or_path`; left out.")
        else:
            yield Feed(str(name), _line(files, name), None, path)


def _annotations(
    config: CommentedMap, told: Told
) -> tuple[tuple[Annotation, ...], tuple[tuple[int, str], ...]]:
    """Remarks written in the configuration, and the files that hold further ones."""
    stated = config.get("annotations")
    remarks: list[Annotation] = []
    files: list[tuple[int, str]] = []
    if not isinstance(stated, CommentedSeq):
        if stated is not None:
            told.tell(_line(config, "annotations"), "annotations", "is not a list and was left out.")
        return (), ()
    for number, item in enumerate(stated):
        line = _line(stated, number)
        if isinstance(item, CommentedMap):
            if remark := annotation(line, item):
                remarks.append(remark)
            else:
                told.tell(line, f"annotations.{number}", "lacks a date, a metric or a text and was left out.")
        elif path := _text(item):
            files.append((line, path))
    return tuple(remarks), tuple(files)


# --- all of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """All that a configuration says."""

    setup: Setup
    metrics: dict[str, Metric]
    blocks: tuple[Block, ...]
    data: tuple[Feed, ...]
    annotations: tuple[Annotation, ...]
    annotation_files: tuple[tuple[int, str], ...]


def read(text: str, told: Told) -> Config:
    """Return what the configuration says; what it says in vain goes to `told`.

    Raises:
        DefinitionError: The YAML is broken, or lacks what wbr-app itself demands; all mistakes at
            once with their lines.
    """
    config = _document(text)
    setup = _setup(config, told)
    metrics = _metrics(config, told)
    blocks = _deck(config, told)
    data = tuple(_feeds(config, told))
    annotations, files = _annotations(config, told)
    sections = ("setup", "metrics", "deck", "annotations", "data_sources", "csv_files")
    for key in config:
        if key not in sections:
            told.tell(
                _line(config, key), str(key), f"is unknown and was left out. {hint(str(key), sections)}"
            )
    told.stop_on_mistakes()
    return Config(setup, metrics, blocks, data, annotations, files)
