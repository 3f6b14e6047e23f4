"""The statements of stores on other engines: written once in `metrics/sql`, told in each dialect."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp

_SQL = Path(__file__).parent.parent / "sql"
RELATIONS = ("observed", "sampled")  # Each is a statement of its own, put into who reads it.
DIALECTS = ("clickhouse", "postgres", "spark")
TEMPORARY = {"asked", "chosen", "day_stretch", "part", "stretch_window"}


@cache
def text(statement: str) -> str:
    """A file as it is."""
    return (_SQL / f"engine_{statement}.sql").read_text(encoding="utf-8")


@cache
def _parsed(statement: str, table: str) -> exp.Expr:
    """A statement with all that it reads put in front of it; `table` takes the place of `{table}`."""
    own = next((d for d in DIALECTS if statement.endswith(f"_{d}")), "duckdb")  # Some are one engine's alone.
    found = sqlglot.parse_one(text(statement).replace("{table}", table), read=own)
    for name in RELATIONS:
        if name != statement and any(each.name == name for each in found.find_all(exp.Table)):
            found = _led(found, name)
    return found


def _led(statement: exp.Expr, relation: str) -> exp.Expr:
    """A statement that begins with a relation; what that one reads stands before it."""
    if any(each.alias == relation for each in statement.find_all(exp.CTE)):
        return statement
    body = sqlglot.parse_one(text(relation), read="duckdb")
    for name in RELATIONS:
        if name != relation and any(each.name == name for each in body.find_all(exp.Table)):
            statement = _led(statement, name)
    query = statement.expression if isinstance(statement, exp.Create) else statement
    assert isinstance(query, exp.Query)
    query.with_(relation, as_=body, copy=False)
    return statement


def told(statement: str, dialect: str, names: Mapping[str, str], table: str = "", **values: object) -> str:
    """A statement in the words of an engine, its values written as literals by SQLGlot.

    Args:
        statement: Name of its file.
        dialect: As SQLGlot names it.
        names: How the temporary tables are called now.
        table: One of the store's own, for `{table}`.
        values: What stands for the placeholders; numbers, texts or None.
    """
    given = {name: exp.null() if value is None else value for name, value in values.items()}
    found = exp.replace_placeholders(_parsed(statement, table).copy(), **given)
    for each in list(found.find_all(exp.Table)):
        if each.name in names:
            each.this.replace(exp.to_identifier(names[each.name]))
    return found.sql(dialect=dialect, comments=False)


def schema(dialect: str) -> tuple[str, ...]:
    """The statements that make the tables, one after the other."""
    lines = [line for line in text(f"schema_{dialect}").splitlines() if not line.startswith("--")]
    return tuple(each.strip() for each in "\n".join(lines).split(";") if each.strip())
