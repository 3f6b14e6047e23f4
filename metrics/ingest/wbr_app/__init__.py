"""A configuration of the open-source wbr-app (v2.2) becomes a workspace.

    config.yaml ─► written ─► sources ─► outline ─► texts ─► workspace.yaml, metrics.yaml, deck.yaml
                      └──────────┴──────────┴─► what cannot be carried over, each a sentence with its line

Source: analytics.md section 1; the format as wbr-app's documentation describes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from metrics.errors import DefinitionError
from metrics.ingest.wbr_app import written
from metrics.ingest.wbr_app.beside import annotations, configuration, table
from metrics.ingest.wbr_app.outline import events_of, workspace_of
from metrics.ingest.wbr_app.sources import computable, origin_of, readable, told_apart
from metrics.ingest.wbr_app.texts import deck_yaml, metrics_yaml, workspace_yaml
from metrics.ingest.wbr_app.written import Folded

__all__ = ["Converted", "annotation_files", "annotations", "configuration", "convert", "table"]


@dataclass(frozen=True)
class Converted:
    """A workspace as text, and what could not be brought along.

    Attributes:
        files: Path inside the workspace to content.
        not_carried: One sentence each, in the order of the configuration: line, place, what, and
            what to do about it.
        csv_name: Path inside the workspace under which the sources expect the CSV; None if the
            configuration names its own sources and no CSV was given.
    """

    files: dict[str, str]
    not_carried: tuple[str, ...]
    csv_name: str | None


def convert(
    config_text: str,
    csv_header: Sequence[str] | None = None,
    csv_name: str | None = None,
    *,
    rows: Iterable[Sequence[str]] = (),
    annotations: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> Converted:
    """Return the workspace that says what a wbr-app configuration says.

    Args:
        config_text: The YAML.
        csv_header: Column names of the CSV that comes with it; None if there is none at hand,
            in which case columns are taken at their word.
        csv_name: Name of that CSV; only its last part is used.
        rows: The CSV's rows as text, for what the header cannot show: dates with slashes, and
            days that occur on several rows. May be left out or cut short.
        annotations: Path or address as the configuration writes it, to the rows of that
            annotation file (`Date`, `MetricName`, `EventDescription`). Others are told as missing.

    Returns:
        Text that `metrics.definitions.Definitions` accepts. Every metric is an output without
        owner (wbr-app knows neither), and the workspace says `require_owner: false`.

    Raises:
        DefinitionError: The YAML is broken, lacks what wbr-app itself demands, or a metric is
            computed from itself; all mistakes at once with their lines.
        SourceError: The CSV has no `Date` column.
    """
    told = written.Told()
    config = written.read(config_text, told)
    origin = origin_of(config, csv_header, csv_name, told)
    metrics = computable(readable(config.metrics, origin.sources, told), told)
    if not any(isinstance(metric.measure, Folded) for metric in metrics.values()):
        raise DefinitionError(
            "None of the config's metrics can be carried over; a workspace needs at least one. In detail:"
            + "".join(f"\n- {sentence}" for sentence in told.sentences())
        )
    sources = told_apart(origin.sources, metrics, tuple(rows), told)
    workspace = workspace_of(config, metrics, sources, told)
    events = events_of(config, workspace, annotations or {}, told)
    files = {
        "workspace.yaml": workspace_yaml(workspace, origin, events, told),
        "metrics.yaml": metrics_yaml(workspace),
        "deck.yaml": deck_yaml(workspace),
        **origin.queries,
    }
    return Converted(files, told.sentences(), origin.csv_name)


def annotation_files(config_text: str) -> tuple[str, ...]:
    """The annotation files a configuration names, as written, for `convert(annotations=…)`."""
    return tuple(path for _, path in written.read(config_text, written.Told()).annotation_files)
