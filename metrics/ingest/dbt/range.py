"""The condition that asks a table for the days from `:from` to `:to`, so that an index or partition serves.

    where ordered_at >= :from and ordered_at < :to + interval '1 day'

A day compared with a moment is that day's midnight in the session, as a cast of the moment is: both ask for
the same rows, in the company's zone where the session is told it. Where that does not hold, or what the
column is cannot be known, the day is cast, and a comment says so.
"""

import re

from sqlglot import exp

# Of databases whose days compare with every kind of timestamp as its cast to a day does.
_ALIKE = {"postgres", "duckdb", "redshift", "mysql", "databricks", "spark", "clickhouse"}
# Of those where only some do, which types: others carry a zone in each value, or compare with no day.
_SOME = {
    "snowflake": r"date|datetime|timestamp_ntz.*|timestamp_ltz.*",
    "bigquery": r"date|datetime",
    "trino": r"date|timestamp(\(\d+\))?",
    "athena": r"date|timestamp(\(\d+\))?",
}
_COLUMN = re.compile(r"(?:\w+\.)?(?:\w+|\"[^\"\n]+\"|`[^`\n]+`)")
_TIMES = re.compile(r"date|datetime|timestamp|nullable\((date|timestamp)")
_PLACE = "the_day_asked_to"


def between(day: str, kind: str, *, time: bool, dialect: str) -> tuple[str, str]:
    """The condition, and a comment on it; empty where there is nothing to say.

    Args:
        day: SQL of the day: a column, or an expression.
        kind: The column's type in small letters; empty if the project does not tell it.
        time: Whether the project says that it is a day or a moment.
        dialect: SQLGlot's name of the database's language; empty if it is not known.
    """
    cast = f"cast({day} as date) between :from and :to"
    if not _COLUMN.fullmatch(day):
        return cast, "The day is computed, so no index serves: compare a column of the table if there is one."
    if not _comparable(kind, time=time, dialect=dialect):
        return (
            cast,
            f"If {day} is a day or a timestamp, let an index serve: {_open(day, dialect or 'postgres')}",
        )
    if kind == "date":
        return f"{day} between :from and :to", ""
    return _open(day, dialect), ""


def _comparable(kind: str, *, time: bool, dialect: str) -> bool:
    if dialect in _SOME:
        return re.fullmatch(_SOME[dialect], kind) is not None
    known = _TIMES.match(kind) is not None if kind else time
    return known and dialect in _ALIKE


def _open(day: str, dialect: str) -> str:
    after = exp.DateAdd(this=exp.column(_PLACE), expression=exp.Literal.number(1), unit=exp.var("DAY")).sql(
        dialect=dialect
    )
    return f"{day} >= :from and {day} < {after.replace(_PLACE, ':to')}"
