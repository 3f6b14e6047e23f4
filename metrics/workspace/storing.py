"""Which store a workspace has: the folder of one machine, or the tables of an engine."""

from collections.abc import Mapping
from pathlib import Path

from metrics.definitions import StoreRules
from metrics.engines import ClickHouse, EngineStore, PostgreSQL, Spark
from metrics.errors import StoreError
from metrics.store import Store

STARTS = {
    "postgresql": ("postgresql://", "postgres://", "postgresql+psycopg://"),
    "clickhouse": ("chdb:///",),
    "spark": ("sc://",),
}
LIKE = {
    "postgresql": "postgresql://user:password@host/database",
    "clickhouse": "chdb:///numbers",
    "spark": "sc://host:15002",
}


def store_of(rules: StoreRules, folder: Path, environment: Mapping[str, str]) -> Store | EngineStore:
    """The store that the definitions ask for. Its address is looked up when the store is used.

    Args:
        rules: What the definitions say.
        folder: Of the workspace.
        environment: Where `url_env` is looked up.
    """
    if rules.engine == "duckdb":
        return Store(folder / "store")

    def url() -> str:
        return _address(rules, folder, environment)

    if rules.engine == "postgresql":
        return EngineStore(PostgreSQL(url))
    return EngineStore(Spark(url) if rules.engine == "spark" else ClickHouse(url, folder))


def _address(rules: StoreRules, folder: Path, environment: Mapping[str, str]) -> str:
    where = f"${rules.url_env}" if rules.url_env else f"the file {rules.url_file}"
    try:
        told = (
            environment.get(rules.url_env, "")
            if rules.url_env
            else (folder / (rules.url_file or "")).read_text(encoding="utf-8")
        ).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"store: {where} cannot be read.") from error
    like = LIKE[rules.engine]
    if not told:
        raise StoreError(f"store: {where} is not set. Put the address of the store there, like {like}.")
    if not told.startswith(STARTS[rules.engine]):
        raise StoreError(f"store: {where} holds no address of {rules.engine}. It looks like {like}.")
    return told
