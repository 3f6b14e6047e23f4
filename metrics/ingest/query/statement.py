"""The text of a `sql` source: one SELECT that only reads, with `:from` and `:to` put in.

The text runs in the user's own database under rights that the user gave. It is looked at all the same,
because whoever can edit a workspace's files is not always who owns the database's password.

Source: platform.md section 4, rows 15 and 16.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from metrics.errors import SourceError

LONGEST = 200_000  # Characters.

# What writes, defines, or speaks to the server instead of asking it; also inside a common table expression.
_DEEDS = (
    exp.DDL, exp.DML, exp.Alter, exp.Analyze, exp.Attach, exp.Command, exp.Copy, exp.Detach, exp.Drop,
    exp.Export, exp.Grant, exp.Install, exp.Into, exp.Kill, exp.LoadData, exp.Lock, exp.Merge, exp.Pragma,
    exp.Set, exp.TruncateTable, exp.Use,
)  # fmt: skip

# Functions that reach past the tables: files, addresses, other servers, sleeping and settings.
_REACHES = re.compile(
    r"(read_\w+|st_read\w*|parquet_\w+|query|query_table|(csv|json|sniff)_scan|sniff_csv"
    r"|glob|getenv|sqlite_scan|postgres_scan|postgres_query|mysql_scan|mysql_query|iceberg_scan|delta_scan"
    r"|pg_(?!typeof|column_size|size_pretty)\w+|lo_\w+|dblink(_\w+)?|set_config"
    r"|\w+_to_xml\w*|ts_stat|ts_rewrite|copy_\w+"
    r"|load_file|sleep|benchmark|get_lock|sys_exec|sys_eval"
    r"|(file|url|s3|gcs|hdfs|remote|remotesecure|azureblobstorage)(cluster)?|(iceberg|deltalake|hudi|paimon)\w*"
    r"|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|arrowflight|ytsaurus|catboostevaluate"
    r"|executable|input|clusterallreplicas|cluster|python|dictionary|sleepeachrow"
    r"|external_query|xp_cmdshell|openrowset|opendatasource|system\$\w+)",
    re.IGNORECASE,
)
_PLACES = {"from", "to"}


def checked(text: str, name: str, dialect: str) -> str:
    """The text without its last semicolon and its comments, if it is one SELECT that only reads.

    Databases differ in where a comment ends, and MySQL runs what stands in `/*! */`: blanks stand in their
    places, so that what was judged here is what runs there.

    Args:
        text: Of the file.
        name: Of the file, for messages.
        dialect: SQLGlot's name of the database's language.

    Raises:
        SourceError: It is not, or cannot be understood; the message says on which line.
    """
    if len(text) > LONGEST:
        raise SourceError(
            f"{name} is longer than {LONGEST:,} characters. Make the query a view and select from it."
        )
    if not text.strip():
        raise SourceError(f"{name} is empty. Write one SELECT into it.")
    tokens = _tokens(text, name, dialect)
    ends = [token for token in tokens if token.token_type is TokenType.SEMICOLON]
    last = tokens[-1]
    if len(ends) > 1 or (ends and ends[0] is not last):
        after = next(token for token in tokens if token.start > ends[0].start)
        raise _refused(name, _line(text, after), "a second statement begins here. A source is one SELECT")
    whole = _bare(text, tokens)
    whole = whole[: ends[0].start] if ends else whole
    _refuse_call(text, tokens, name)
    try:
        trees = sqlglot.parse(_filled(whole, tokens, date.min, date.min), dialect=dialect)
    except (SqlglotError, RecursionError) as error:
        raise SourceError(f"{name} cannot be understood as {dialect} SQL: {_first(error)}") from error
    tree = trees[0] if trees else None
    if not isinstance(tree, exp.Query):
        raise _refused(name, _line(text, tokens[0]), "this is no SELECT. A source only reads")
    for found in tree.walk():
        _refuse_deed(found, text, tokens, name)
    return whole


def filled(text: str, name: str, dialect: str, since: date, until: date) -> str:
    """A checked text with `:from` and `:to` replaced by these days."""
    return _filled(text, _tokens(text, name, dialect), since, until)


def asks_for(text: str, name: str, dialect: str) -> frozenset[str]:
    """Which of `from` and `to` a text mentions."""
    return frozenset(word for _, _, word in _placeholders(text, _tokens(text, name, dialect)))


def _bare(text: str, tokens: list[Token]) -> str:
    """The text with blanks for its comments, which stand between tokens. Lines stay."""
    parts, done = [], 0
    for token in tokens:
        parts += [re.sub(r"\S", " ", text[done : token.start]), text[token.start : token.end + 1]]
        done = token.end + 1
    return "".join([*parts, re.sub(r"\S", " ", text[done:])])


def _refuse_call(text: str, tokens: list[Token], name: str) -> None:
    """As the words stand: the parser knows some functions by other names than those written."""
    for word, then in pairwise(tokens):
        if then.token_type is TokenType.L_PAREN and _REACHES.fullmatch(word.text):
            raise _past(name, _line(text, word), word.text)
        beside = word.end + 1 == then.start and text[then.end + 1 : then.end + 2] == '"'
        if word.text.lower() == "u" and then.text == "&" and beside:  # PostgreSQL spells names so.
            raise _refused(name, _line(text, word), "a name is spelt with U&. Write its letters")


def _refuse_deed(found: exp.Expr, text: str, tokens: list[Token], name: str) -> None:
    if isinstance(found, _DEEDS):
        word = found.key.upper()
        raise _refused(name, _line_of(word, text, tokens), f"{word} is not part of a query that only reads")
    called = found.name if isinstance(found, exp.Anonymous) else ""
    if isinstance(found, exp.Func) and not called:
        called = found.sql_name()
    if called and _REACHES.fullmatch(called):
        raise _past(name, _line_of(called, text, tokens), called)
    if isinstance(found, exp.Table) and isinstance(found.this, exp.Literal | exp.Identifier):
        # DuckDB opens files and addresses that stand where a table's name should.
        path = found.name
        if re.search(r"[/\\]|\.(csv|tsv|parquet|json|ndjson|xlsx|gz|txt|db|duckdb)$", path, re.IGNORECASE):
            where = _line_of(path, text, tokens)
            raise _refused(name, where, f"{path!r} is a file and no table. Select from a table or view")


def _tokens(text: str, name: str, dialect: str) -> list[Token]:
    try:
        tokens = sqlglot.Dialect.get_or_raise(dialect).tokenize(text)
    except SqlglotError as error:
        raise SourceError(f"{name} cannot be understood as {dialect} SQL: {_first(error)}") from error
    if not tokens:
        raise SourceError(f"{name} holds comments only. Write one SELECT into it.")
    return list(tokens)


def _placeholders(text: str, tokens: list[Token]) -> Iterator[tuple[int, int, str]]:
    """First and last character of each placeholder, and its word."""
    for colon, word in pairwise(tokens):
        if colon.token_type is not TokenType.COLON or word.text.lower() not in _PLACES:
            continue
        # `v:from` is a path into a value, `(:from` and `>=:from` are none.
        path = re.match(r"[\w\"`\])]", text[max(colon.start - 1, 0) : colon.start])
        if word.start == colon.end + 1 and not path:
            yield colon.start, word.end, word.text.lower()


def _filled(text: str, tokens: list[Token], since: date, until: date) -> str:
    """The text with the days as literals: two dates made here, so that nothing can be smuggled in."""
    days = {"from": since, "to": until}
    parts, done = [], 0
    for first, last, word in _placeholders(text, tokens):
        if first >= len(text):
            break
        parts += [text[done:first], f"CAST('{days[word].isoformat()}' AS DATE)"]
        done = last + 1
    return "".join([*parts, text[done:]])


def _line(text: str, token: Token) -> int:
    return text.count("\n", 0, token.start) + 1


def _line_of(word: str, text: str, tokens: list[Token]) -> int:
    for token in tokens:
        if token.text.lower() == word.lower():
            return _line(text, token)
    return 1


def _refused(name: str, line: int, why: str) -> SourceError:
    return SourceError(f"{name}, line {line}: {why}.")


def _past(name: str, line: int, called: str) -> SourceError:
    return _refused(
        name, line, f"{called} reaches past the tables of the database. Select from a table or view"
    )


def _first(error: Exception) -> str:
    """The first line of a parser's words, without the colours of a terminal."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply."
    words = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    first = words.splitlines()[0] if words else "it cannot be read"
    return first if first.endswith(".") else f"{first}."
