"""Where a query runs: an address from the environment or a file, and what speaks to it."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import unquote

from metrics.errors import SourceError


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind of database.

    Attributes:
        dialect: SQLGlot's name of its language.
        module: What Python needs to speak to it; empty if nothing more than what is installed.
        install: What to install when that is missing.
        speaks: `duckdb`, `parquet`, `chdb`, `adbc` or `sqlalchemy`.
    """

    dialect: str
    module: str
    install: str
    speaks: str


# By the scheme of the address; of `postgresql+psycopg` the part before the plus.
ENGINES: dict[str, Engine] = {
    "duckdb": Engine("duckdb", "", "", "duckdb"),
    "parquet": Engine("duckdb", "", "", "parquet"),
    "chdb": Engine("clickhouse", "chdb", "sixtwelve[clickhouse]", "chdb"),
    "postgresql": Engine("postgres", "adbc_driver_postgresql", "sixtwelve[postgres]", "adbc"),
    "postgres": Engine("postgres", "adbc_driver_postgresql", "sixtwelve[postgres]", "adbc"),
    "snowflake": Engine("snowflake", "adbc_driver_snowflake", "sixtwelve[snowflake]", "adbc"),
    "mysql": Engine("mysql", "pymysql", "sixtwelve[mysql]", "sqlalchemy"),
    "mariadb": Engine("mysql", "pymysql", "sixtwelve[mysql]", "sqlalchemy"),
    "clickhousedb": Engine("clickhouse", "clickhouse_connect", "clickhouse-connect", "sqlalchemy"),
    "bigquery": Engine("bigquery", "sqlalchemy_bigquery", "sqlalchemy-bigquery", "sqlalchemy"),
    "redshift": Engine("redshift", "sqlalchemy_redshift", "sqlalchemy-redshift", "sqlalchemy"),
    "awsathena": Engine("athena", "pyathena", "pyathena[arrow]", "sqlalchemy"),
    "trino": Engine("trino", "trino", "trino[sqlalchemy]", "sqlalchemy"),
    "databricks": Engine("databricks", "databricks.sqlalchemy", "databricks-sqlalchemy", "sqlalchemy"),
    "sqlite": Engine("sqlite", "", "", "sqlalchemy"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address, kept out of messages.

    Attributes:
        url: With its secrets.
        engine: What it is.
        driver: After the plus of the scheme; empty if there is none.
    """

    url: str
    engine: Engine
    driver: str

    def __repr__(self) -> str:
        return f"Address({self.shown})"

    @property
    def shown(self) -> str:
        """Scheme and host, without user, password and parameters."""
        scheme, _, rest = self.url.partition("://")
        host = re.split(r"[/?#,]", rest.removeprefix(self._user))[0]
        return f"{scheme.partition(':')[0]}://{re.sub(r':[^]]*$', '', host.rpartition('@')[2])}"

    @property
    def _user(self) -> str:
        """User and password with their `@`; a password may hold signs that an address may not."""
        rest = self.url.partition("://")[2]
        host = re.split(r"[/?#]", rest)[0]
        if "@" not in host and re.fullmatch(r"[^:]*(:\d*)?|\[[0-9a-fA-F:.]*\](:\d*)?", host):
            return ""
        return rest[: rest.rfind("@") + 1]

    @property
    def rest(self) -> str:
        """What follows the scheme: the path of an embedded database."""
        return unquote(self.url.split(":", 1)[1].removeprefix("//").split("?", 1)[0])

    def scrubbed(self, words: str) -> str:
        """Words of a driver without the address, the user's password or anything like `password=…`."""
        told = words.replace(self.url, self.shown)
        password = self._user.removesuffix("@").partition(":")[2]
        # A driver that reads the address otherwise tells a piece of the password as a port or a host.
        pieces = {p for p in re.split(r"[/?#@:&\[\]]", password) if len(p) > 2}
        for secret in sorted({password, unquote(password), *pieces} - {""}, key=len, reverse=True):
            told = told.replace(secret, "…")
        told = re.sub(r"(?i)(password|passwd|pwd|token|secret)(\s*[=:]\s*)\S+", r"\1\2…", told)
        return re.sub(r"://[^/\s:@]+:[^@\s]+@", "://…@", told)


def address(url: str, connection: str) -> Address:
    """What an address means.

    Args:
        url: Of the database.
        connection: Name of the declared connection, for messages.

    Raises:
        SourceError: No such kind of database, or what speaks to it is not installed.
    """
    scheme = url.strip().split(":", 1)[0].lower()
    kind, _, driver = scheme.partition("+")
    engine = ENGINES.get(kind)
    if engine is None or ":" not in url:
        known = ", ".join(ENGINES)
        raise SourceError(
            f"The address of connection {connection} begins with no kind of database that is known. "
            f"It begins with one of: {known}, then a colon."
        )
    if driver and engine.speaks == "adbc":
        engine = Engine(
            engine.dialect, driver.split("2")[0] if driver == "psycopg2" else driver, driver, "sqlalchemy"
        )
    found = Address(url.strip(), engine, driver)
    if engine.module and not _installed(engine.module):
        raise SourceError(
            f"Connection {connection} needs a driver that is not installed. "
            f"Install it beside Sixtwelve: pip install '{engine.install}'."
        )
    return found


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
