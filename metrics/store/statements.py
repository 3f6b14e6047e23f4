"""The statements of the store, read from `metrics/sql/store_*.sql`."""

from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import duckdb

from metrics.errors import StoreError

Table = Literal["observation", "sample"]
Result = TypeVar("Result")

_SQL = Path(__file__).parent.parent / "sql"


@cache
def _text(statement: str) -> str:
    return (_SQL / f"store_{statement}.sql").read_text(encoding="utf-8")


def sql(statement: str, table: Table = "observation") -> str:
    """Return a statement's text, for values or for samples: the only two names ever put into one."""
    return _text(statement).replace("{table}", table)


def rows(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    table: Table = "observation",
    /,
    **parameters: object,
) -> list[tuple[object, ...]]:
    """Run a statement with its values bound; return the rows it gives."""
    return connection.execute(sql(statement, table), parameters or None).fetchall()


def one(
    connection: duckdb.DuckDBPyConnection, statement: str, kind: type[Result], /, **parameters: object
) -> Result:
    """Return the single value of a statement that has one.

    Raises:
        StoreError: It is of another kind, which a whole store never gives.
    """
    ((value,),) = rows(connection, statement, **parameters)
    if not isinstance(value, kind):
        raise StoreError(
            f"store_{statement}.sql gave {value!r} instead of {kind.__name__}: the store is damaged. "
            "Restore a backup: `wbr restore FILE`."
        )
    return value
