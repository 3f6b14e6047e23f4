"""Which midnight parts the days of a query, and the sentence that says so where it may be another's.

A moment that carries a zone is put into the company's day here. A timestamp without one, and ClickHouse's
columns of another zone, become the day that is written in them: whether that is the company's, only people
know.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

DAY = 86_400_000_000  # Microseconds.
DEEPEST = 8  # Queries within queries that a column is followed through.

# How a database is asked for the type of a column, in words.
_TYPES = {
    "duckdb": "typeof({column})",
    "postgres": "cast(pg_typeof({column}) as text)",
    "clickhouse": "toTypeName({column})",
}
# A column of a clock {zone}, as the company's day, in a session that counts where the company is.
_WRITTEN = {
    "duckdb": "cast({column} at time zone '{zone}' as date)",
    "postgres": "cast({column} at time zone '{zone}' as date)",
    "clickhouse": "toDate({column}, '{company}')",
    "mysql": "date(convert_tz({column}, '{zone}', '{company}'))",
    "snowflake": "cast(convert_timezone('{zone}', '{company}', {column}) as date)",
    "redshift": "cast(convert_timezone('{zone}', '{company}', {column}) as date)",
}


@dataclass(slots=True)
class Clock:
    """What the cells of the day's column look like, over all batches of a query.

    Attributes:
        company: The company's time zone.
        moments: Some carry a zone.
        bare: Some are timestamps without a zone, at another hour than midnight.
        midnight: All that carry a zone are midnight in `zone`.
        company_midnight: All that carry a zone are midnight where the company is.
        zone: That the cells carry, as the driver tells it.
    """

    company: str
    moments: bool = False
    bare: bool = False
    midnight: bool = True
    company_midnight: bool = True
    zone: str = ""

    def look(self, column: pa.ChunkedArray) -> None:
        """Take a batch's column into account."""
        kind = column.type
        if not pa.types.is_timestamp(kind) or column.null_count == len(column):
            return
        if kind.tz is None:
            self.bare = self.bare or not _midnights(column)
            return
        self.moments, self.zone = True, kind.tz
        at = column.cast(pa.timestamp("us", kind.tz), safe=False)
        self.midnight = self.midnight and _midnights(pc.local_timestamp(at))
        if not self.company_midnight:
            return
        there = at.cast(pa.timestamp("us", self.company))
        self.company_midnight = _midnights(pc.local_timestamp(there))


def _midnights(column: pa.ChunkedArray) -> bool:
    since = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    days = pc.multiply(pc.divide(since, DAY), DAY)
    return bool(pc.all(pc.equal(since, days), min_count=0).as_py())


@dataclass(frozen=True, slots=True)
class Origin:
    """The column that a query takes its days from.

    Attributes:
        column: As it is written in the query.
        asks: A query for its type in the database's words; empty where the database cannot be asked.
    """

    column: str
    asks: str


def origin(sql: str, day: str, dialect: str) -> Origin | None:
    """The column of a table that the days come from; None if that is not plain, or a zone is written there.

    Args:
        sql: A checked SELECT with its days filled in.
        day: Name of the result's column that holds the day.
        dialect: SQLGlot's name of the database's language.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except SqlglotError:  # It was understood before; a remark is not worth a second complaint.
        return None
    if not isinstance(tree, exp.Query):
        return None
    names = {cte.alias_or_name.lower(): cte.this for cte in tree.find_all(exp.CTE)}
    for select in _selects(tree):
        if (found := _followed(select, day, names, DEEPEST)) is None:
            continue
        column, table = found
        asks = ""
        if dialect in _TYPES:
            name = exp.column(column.this.copy()).sql(dialect=dialect)
            source = exp.table_(table.this.copy(), db=table.args.get("db"), catalog=table.args.get("catalog"))
            kind = _TYPES[dialect].format(column=name)
            asks = f"select {kind} as kind from {source.sql(dialect=dialect)} limit 1"
        return Origin(column.sql(dialect=dialect), asks)
    return None


def _selects(tree: exp.Query) -> Iterator[exp.Select]:
    """The parts of a UNION, or the one SELECT."""
    if isinstance(tree, exp.SetOperation):
        for side in (tree.this, tree.expression):
            if isinstance(side, exp.Query):
                yield from _selects(side)
    elif isinstance(tree, exp.Subquery):
        yield from _selects(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


def _followed(
    select: exp.Select, name: str, names: dict[str, exp.Expr], deep: int
) -> tuple[exp.Column, exp.Table] | None:
    """The column of a base table behind a column of a result, and that table."""
    if not deep:
        return None
    told = next((e for e in select.selects if e.alias_or_name.lower() == name.lower()), None)
    if told is None:
        if not any(isinstance(e, exp.Star) for e in select.selects):
            return None
        told = exp.column(name)
    if _says_zone(told):
        return None
    columns = list(told.find_all(exp.Column))
    if len(columns) != 1:
        return None
    (column,) = columns
    source = _source(select, column.table)
    if isinstance(source, exp.Subquery):
        inner = source.this
    elif isinstance(source, exp.Table) and not source.args.get("db") and source.name.lower() in names:
        inner = names[source.name.lower()]
    elif isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        return column, source
    else:
        return None
    if not isinstance(inner, exp.Query):
        return None
    return next(
        (
            found
            for each in _selects(inner)
            if (found := _followed(each, column.name, names, deep - 1)) is not None
        ),
        None,
    )


def _source(select: exp.Select, table: str) -> exp.Expr | None:
    """What a column is of: the table of that name, or the only one."""
    told = select.args.get("from_") or select.args.get("from")
    if told is None:
        return None
    sources = [told.this, *(join.this for join in select.args.get("joins") or ())]
    if not table:
        return sources[0] if len(sources) == 1 else None
    return next((each for each in sources if each.alias_or_name.lower() == table.lower()), None)


def _says_zone(told: exp.Expr) -> bool:
    """Whether an expression names a time zone: then somebody thought of it."""
    if any(told.find_all(exp.AtTimeZone, exp.ConvertTimezone)):
        return True
    return any(each.is_string and _zone(each.name) for each in told.find_all(exp.Literal))


def _zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def remark(path: str, dialect: str, clock: Clock, of: Origin | None, kind: str) -> str:
    """One sentence on which midnight parts the days, if it may be another than the company's; else empty.

    Args:
        path: Of the query's file.
        dialect: SQLGlot's name of the database's language.
        clock: What the cells look like.
        of: The column that the days come from, if it is known.
        kind: Its type in the database's words; empty if it is not known.
    """
    company, column = clock.company, of.column if of else "the_column"
    if clock.moments:
        if not clock.midnight or clock.company_midnight:
            return ""  # Moments: each is in the day that it is where the company is.
        return (
            f"{path}: all its days are midnight in {clock.zone}, and were taken as moments, which in "
            f"{company} are of another day. If they were cut to days there, cut them in the company's zone: "
            f"{_write(dialect, column, clock.zone, company)}."
        )
    own = re.search(r"DateTime(?:64\(\d+, ?|\()'([^']+)'", kind)
    if own is not None:
        if own[1] == company:
            return ""
        return (
            f"{path}: its days come from {column}, whose clock is {own[1]}, and were parted at the midnight "
            f"there, not at that of {company}. Write {_write(dialect, column, own[1], company)}."
        )
    naive = kind.lower() in {"timestamp", "timestamp without time zone"} or kind.startswith("TIMESTAMP_")
    if company == "UTC" or not (naive or (clock.bare and not kind)):
        return ""
    named = f"from {of.column}, a timestamp" if of else "as a timestamp"
    own_clock = _write(dialect, column, company, company) if dialect in {"duckdb", "postgres"} else ""
    rest = f"; if it is the company's, {own_clock} says so and ends this remark" if own_clock else ""
    return (
        f"{path}: its days come {named} without time zone, and were parted at the midnight written there, "
        f"as if its clock were that of {company}. If its clock is UTC, write "
        f"{_write(dialect, column, 'UTC', company)}{rest}."
    )


def _write(dialect: str, column: str, zone: str, company: str) -> str:
    told = _WRITTEN.get(dialect, "its day in the zone {company}, as this database writes it")
    return told.format(column=column, zone=zone, company=company)
