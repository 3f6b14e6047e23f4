"""Running the queries of `sql` sources: where, for which days, and how far they may go.

The address of a database comes from the environment or a file that a connection names, never from
the YAML, so that definitions can be shared.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from metrics.errors import SourceError, UnknownNameError, hint
from metrics.ingest.query import Address, Query, address, most_rows

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

BEGINNING = date(2000, 1, 1)  # Asked for where nothing was loaded yet.


class Querying:
    """How a workspace's queries are run."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house

    def query(self, name: str, *, whole: bool = False) -> Query | None:
        """How the query of a source is run; None for a source that is none.

        `:from` is the last day that the source told, less its `look_back_days` for what comes late; the
        first time, or where everything is asked for, the beginning. `:to` is today, where the company is.

        Args:
            name: Of the source.
            whole: Ask for everything again.

        Raises:
            SourceError: Its address is not told, or is none.
        """
        source = self._house.source(name)
        if source.form != "sql":
            return None
        connection = self._house.definitions.connections[source.connection or ""]
        last, rows = self._before(name)
        since = BEGINNING if whole or last is None else last - timedelta(days=source.look_back_days)
        if whole:  # The last load may have asked for a few days alone.
            rows = max(rows, self._standing(name))
        return Query(
            address=self.address(source.connection or ""),
            since=since,
            until=self._house.now().date(),
            zone=self._house.definitions.company.time_zone,
            seconds=connection.time_limit_seconds,
            rows=most_rows(source.most_rows, rows),
        )

    def address(self, name: str) -> Address:
        """The address of a declared connection.

        Raises:
            SourceError: The environment or the file does not tell it, or it is none.
            UnknownNameError: No such connection.
        """
        connections = self._house.definitions.connections
        if name not in connections:
            raise UnknownNameError(f"{name!r} is not among connections. {hint(name, connections)}")
        told = connections[name]
        if told.url_env:
            url = self._house.environment.get(told.url_env, "").strip()
            if not url:
                raise SourceError(
                    f"Connection {name}: ${told.url_env} is not set. Put the address of the database there, "
                    "like postgresql://user:password@host/database."
                )
            return address(url, name)
        if told.url_file:
            path = self._house.folder / told.url_file
            try:
                return address(path.read_text(encoding="utf-8").strip(), name)
            except (OSError, UnicodeDecodeError) as error:
                raise SourceError(f"Connection {name}: the file {told.url_file} cannot be read.") from error
        raise SourceError(f"Connection {name} says neither `url_env` nor `url_file`.")

    def _before(self, name: str) -> tuple[date | None, int]:
        """The last day that a source told, and how many rows its last load brought."""
        if not self._house.version:
            return None, 0
        told = self._house.store.sources(self._house.now().date())
        mine = told[told["source"] == name]
        if mine.empty or pd.isna(mine.iloc[0]["last_day"]):
            return None, 0
        return pd.Timestamp(mine.iloc[0]["last_day"]).date(), int(mine.iloc[0]["rows"])

    def _standing(self, name: str) -> int:
        """How many values of a source stand now."""
        if not self._house.version:
            return 0
        told = self._house.store.provenance()
        return int(told.loc[told["source"] == name, "rows"].sum())
