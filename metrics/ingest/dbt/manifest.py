"""A dbt project as its build wrote it down: metrics, what they are summed from, and who owns them.

`semantic_manifest.json` says what the metrics are; `manifest.json` beside it says who owns them, and with
`catalog.json` of which types the columns are. Only these files are read; nothing of the project is run.

Source: dbt's semantic layer (dbt-semantic-interfaces), as `dbt parse` writes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metrics.errors import SourceError

LARGEST = 200 * 1024 * 1024  # Bytes.

# What dbt calls an adapter and SQLGlot a dialect.
DIALECTS = {
    "postgres": "postgres", "redshift": "redshift", "snowflake": "snowflake", "bigquery": "bigquery",
    "databricks": "databricks", "spark": "spark", "duckdb": "duckdb", "trino": "trino", "athena": "athena",
    "clickhouse": "clickhouse", "mysql": "mysql", "sqlite": "sqlite",
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One measure of a semantic model.

    Attributes:
        name: Of the measure.
        agg: `sum`, `count`, `count_distinct`, `average`, `min`, `max`, `sum_boolean`, `median` or
            `percentile`.
        expr: SQL of one row.
        day: Name of the dimension that says when.
        level: Whether it is a level that must not be added up over time, and `max` of time is meant.
        semi_additive: Whether it must not be added up over something else.
    """

    name: str
    agg: str
    expr: str
    day: str
    level: bool = False
    semi_additive: bool = False


@dataclass(frozen=True)
class Model:
    """One semantic model: a table, its measures and its dimensions.

    Attributes:
        name: Of the model.
        relation: The table, as the adapter writes it.
        entities: Names of the entities that dimensions may be called by.
        measures: By name.
        dimensions: Name to SQL.
        times: Names of the dimensions that are days or moments.
        types: Type of each column of the table in small letters, where the project tells it.
    """

    name: str
    relation: str
    entities: frozenset[str]
    measures: Mapping[str, Measure]
    dimensions: Mapping[str, str]
    times: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """One metric as dbt tells it.

    Attributes:
        name: Of the metric.
        label: For people.
        description: For people; may be empty.
        kind: `simple`, `ratio`, `derived`, `cumulative` or `conversion`.
        params: Its `type_params`.
        filters: Templates of its own filters.
        owner: Name and e-mail of who owns it; empty if nobody is named.
    """

    name: str
    label: str
    description: str
    kind: str
    params: Mapping[str, Any]
    filters: tuple[str, ...]
    owner: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Project:
    """What the files say.

    Attributes:
        name: Of the project; may be empty.
        adapter: dbt's name of the database; empty if it is not told.
        models: By name.
        metrics: By name, in the order of the file.
    """

    name: str
    adapter: str
    models: Mapping[str, Model]
    metrics: Mapping[str, Spec] = field(default_factory=dict)


def project(target: Path) -> Project:
    """Read a project's `target` folder.

    Raises:
        SourceError: There is no `semantic_manifest.json`, or it is none.
    """
    path = target / "semantic_manifest.json" if target.is_dir() else target
    if not path.is_file():
        raise SourceError(
            f"{target} holds no semantic_manifest.json. Run `dbt parse` in the project and name its "
            "target folder."
        )
    semantic = _json(path)
    if not isinstance(semantic.get("metrics"), list) or not isinstance(semantic.get("semantic_models"), list):
        raise SourceError(f"{path.name} has no `metrics` and `semantic_models`. Run `dbt parse` again.")
    beside = path.parent / "manifest.json"
    told = _json(beside) if beside.is_file() else {}
    catalog = path.parent / "catalog.json"
    try:
        types = _types(told, _json(catalog) if catalog.is_file() else {})
        models = {m["name"]: _model(m, types) for m in semantic["semantic_models"]}
        owners = _owners(told)
        metrics = {m["name"]: _metric(m, owners) for m in semantic["metrics"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path.name} is not as dbt writes it ({type(error).__name__}: {error}). Run `dbt parse` again."
        ) from error
    about = told.get("metadata") or {}
    return Project(
        str(about.get("project_name") or ""), str(about.get("adapter_type") or ""), models, metrics
    )


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST:
        raise SourceError(f"{path.name} is larger than {LARGEST >> 20} MB and is not read.")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is no JSON: {error}. Run `dbt parse` again.") from error
    if not isinstance(told, dict):
        raise SourceError(f"{path.name} is not as dbt writes it. Run `dbt parse` again.")
    return told


def _types(manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    """Of each table, by schema and name, the types of its columns: declared, or as the catalog found them."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for node in (manifest.get("nodes") or {}).values():
        columns = {n: (c or {}).get("data_type") for n, c in (node.get("columns") or {}).items()}
        _note(found, node.get("schema"), node.get("alias") or node.get("name"), columns)
    for node in (catalog.get("nodes") or {}).values():
        about = node.get("metadata") or {}
        columns = {n: (c or {}).get("type") for n, c in (node.get("columns") or {}).items()}
        _note(found, about.get("schema"), about.get("name"), columns)
    return found


def _note(
    found: dict[tuple[str, str], dict[str, str]], schema: object, name: object, columns: Mapping[str, object]
) -> None:
    told = {column.lower(): str(kind).lower() for column, kind in columns.items() if kind}
    found.setdefault((str(schema).lower(), str(name).lower()), {}).update(told)


def _model(told: Mapping[str, Any], types: Mapping[tuple[str, str], Mapping[str, str]]) -> Model:
    node = told.get("node_relation") or {}
    relation = node.get("relation_name") or ".".join(
        part for part in (node.get("database"), node.get("schema_name"), node.get("alias")) if part
    )
    usual = (told.get("defaults") or {}).get("agg_time_dimension") or ""
    dimensions = {d["name"]: str(d.get("expr") or d["name"]) for d in told.get("dimensions") or ()}
    return Model(
        name=told["name"],
        relation=str(relation or told["name"]),
        entities=frozenset(e["name"] for e in told.get("entities") or ())
        | ({told["primary_entity"]} if told.get("primary_entity") else set()),
        measures={m["name"]: _measure(m, usual) for m in told.get("measures") or ()},
        dimensions=dimensions,
        times=frozenset(d["name"] for d in told.get("dimensions") or () if d.get("type") == "time"),
        types=types.get((str(node.get("schema_name")).lower(), str(node.get("alias")).lower()), {}),
    )


def _measure(told: Mapping[str, Any], usual: str) -> Measure:
    limited = told.get("non_additive_dimension") or {}
    day = told.get("agg_time_dimension") or usual
    return Measure(
        name=told["name"],
        agg=str(told["agg"]).lower(),
        expr=str(told.get("expr") or told["name"]),
        day=day,
        level=limited.get("name") == day and limited.get("window_choice") == "max",
        semi_additive=bool(limited),
    )


def _metric(told: Mapping[str, Any], owners: Mapping[str, tuple[str, str]]) -> Spec:
    name = told["name"]
    mine = ((told.get("config") or {}).get("meta") or {}).get("owner")
    return Spec(
        name=name,
        label=str(told.get("label") or name.replace("_", " ").capitalize()),
        description=str(told.get("description") or ""),
        kind=str(told["type"]).lower(),
        params=told.get("type_params") or {},
        filters=filters(told),
        owner=_person(mine) if mine else owners.get(name, ("", "")),
    )


def filters(told: Mapping[str, Any]) -> tuple[str, ...]:
    """The templates of a metric's or an input's filter."""
    held = told.get("filter")
    if not held:
        return ()
    if isinstance(held, str):
        return (held,)
    return tuple(str(one["where_sql_template"]) for one in held.get("where_filters") or ())


def _owners(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Of each metric, who owns it: itself, or its group."""
    groups = {
        group["name"]: _person(group.get("owner") or {}) for group in (manifest.get("groups") or {}).values()
    }
    owners = {}
    for metric in (manifest.get("metrics") or {}).values():
        config = metric.get("config") or {}
        meta = {**(metric.get("meta") or {}), **(config.get("meta") or {})}
        group = metric.get("group") or config.get("group")
        person = _person(meta["owner"]) if meta.get("owner") else groups.get(group, ("", ""))
        if any(person):
            owners[str(metric["name"])] = person
    return owners


def _person(told: Any) -> tuple[str, str]:
    """Name and e-mail, however they are told."""
    if isinstance(told, Mapping):
        mail = told.get("email") or ""
        if isinstance(mail, list):
            mail = mail[0] if mail else ""
        return str(told.get("name") or str(mail).split("@")[0]), str(mail)
    word = str(told)
    return (word.split("@")[0], word) if "@" in word else (word.lstrip("@"), "")
