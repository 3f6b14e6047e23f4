"""A first workspace for a file nobody has described yet: it works as it is, and its comments teach.

Every number becomes a metric with a chart. What a column means is guessed from its name and values
(`guesses`), each guess with its reason beside it; nobody has to edit anything to see a deck.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from metrics.definitions import Weekday
from metrics.errors import SourceError
from metrics.ingest.guesses import Guess, Seen, guess, is_measure, ratio, target_base
from metrics.ingest.naming import comment, currency, scalar, slug, unique_ids
from metrics.ingest.profile import Profile

SATURDAY, SUNDAY, MONDAY = 5, 6, 0  # As `date.weekday()` counts.
_ID = re.compile(r"[a-z][a-z0-9_]{0,79}")


@dataclass(frozen=True)
class _Drafted:
    """One metric of the draft.

    Attributes:
        id: Of the metric.
        name: Column or series, as the file writes it.
        series: Id of the stored series it reads.
        where: Segment that picks it out of the series, where one column holds many metrics.
        guess: How it is meant.
        target: Id of the series with its targets; None if the file has none.
    """

    id: str
    name: str
    series: str
    where: tuple[str, str] | None
    guess: Guess
    target: str | None = None


@dataclass(frozen=True)
class _Draft:
    """The metrics of the file and the lines of YAML that say where they stand in it."""

    metrics: tuple[_Drafted, ...]
    shape: tuple[str, ...]
    segments: tuple[str, ...]


def draft(profile: Profile, file_name: str, title: str, now: date) -> dict[str, str]:
    """Return the files of a workspace for one data file: path inside it to YAML.

    Weeks end on Saturday, unless the data end on a Sunday; weekly data end their weeks on the day
    they are dated, and dated on Mondays they are taken for the first days of weeks.

    Args:
        profile: What the file seems to hold.
        file_name: Under which it will lie in the workspace's folder.
        title: Of the company and its deck.
        now: Day of the draft, told in a comment only.

    Raises:
        SourceError: The file names more series in a column than a draft can list.
    """
    drafted = _long(profile) if profile.shape == "long" else _wide(profile)
    title = title.strip() or "Weekly business review"
    return {
        "workspace.yaml": _workspace_yaml(profile, drafted, file_name, title, now),
        "metrics.yaml": _metrics_yaml(drafted, file_name),
        "deck.yaml": _deck_yaml(drafted, title),
    }


def starter(title: str) -> dict[str, str]:
    """Return the files of a workspace without data, with an example of everything it needs, commented out."""
    name = scalar(title.strip() or "My company")
    return {
        "workspace.yaml": f"""\
# A workspace: who the company is, where its numbers come from, what it watches, what the deck shows.
# All *.yaml files of this folder are read; `wbr check` tells all mistakes with their lines.

company:
  name: {name}
  currency: USD
  # Decides when a week is over; for example America/New_York.
  time_zone: UTC

calendar:
  week_ends_on: saturday
  fiscal_year_ends: december

# true: a metric without an owner leaves the deck and is listed on page 0.
require_owner: false

# Remove the # of what follows and put daily.csv (day,orders,sessions) beside this file; then `wbr load`.
#
# sources:
#   daily:
#     csv: daily.csv
#     date: {{column: day}}
#     series: {{orders: orders, sessions: sessions}}   # series id: column
#
# metrics:
#   sessions:
#     name: Sessions
#     kind: output            # input: a team can act on it this week; output; context
#     owner: null             # the one person who explains it, declared under `people`
#     unit: count             # count, currency, fraction, number, days, hours, seconds, score
#     better: up              # up, down, band, none
#     measure: {{how: total, series: sessions}}
#   conversion:
#     name: Conversion
#     kind: output
#     owner: null
#     unit: fraction          # 0.05 is 5%
#     better: up
#     measure: {{how: ratio, numerator: orders, denominator: sessions}}   # total ÷ total
#
# decks:
#   company:
#     title: {name}
#     sections:
#       - title: Shop
#         blocks: [sessions, conversion]
"""
    }


# --- what the file holds -----------------------------------------------------------------------


def _wide(profile: Profile) -> _Draft:
    """A column a metric; columns of targets belong to their metric, and keys are left out."""
    by_name = {column.name: column for column in profile.columns}
    seen = [
        Seen(c.name, c.smallest, c.largest, c.whole, c.percent)
        for name in profile.numbers
        if (c := by_name[name])
    ]
    bases = {s.name: base for s in seen if (base := target_base(s.name, profile.numbers)) is not None}
    shown = [s for s in seen if is_measure(s) and s.name not in bases] or seen
    watched = [s.name for s in shown]
    targets = {base: name for name, base in bases.items() if base in watched}
    read = [name for name in profile.numbers if name in watched or name in targets.values()]
    ids = unique_ids(read)
    lines = ["    series:   # series id: column", *(f"      {ids[name]}: {scalar(name)}" for name in read)]
    if left := [comment(name) for name in profile.numbers if name not in read]:
        lines.append(f"      # left out, since they seem to name rows and not to count: {', '.join(left)}")
    metrics = tuple(
        _Drafted(
            ids[s.name],
            s.name,
            ids[s.name],
            None,
            guess(s),
            ids[targets[s.name]] if s.name in targets else None,
        )
        for s in shown
    )
    return _Draft(metrics, tuple(lines), profile.segments)


def _long(profile: Profile) -> _Draft:
    """A series a metric. Names that are no ids become a segment, so that the file can stay as it is."""
    column, values = profile.series_column or "", profile.value_column or ""
    by_name = {one.name: one for one in profile.columns}
    names = by_name[column].values
    if not names:
        raise SourceError(
            f"Column {column!r} names more series than a draft can list. Start with `wbr init` without a "
            "file and declare those that matter."
        )
    told = by_name[values]
    share = (
        told.smallest is not None and told.largest is not None and told.smallest >= 0 and told.largest <= 1
    )
    low, high = (told.smallest, told.largest) if share else (None, None)
    # One column holds all series: only if all are shares does it say something about each.
    guesses = {name: guess(Seen(name, low, high, not share, told.percent)) for name in names}
    bases = {name: base for name in names if (base := target_base(name, names)) is not None}
    ids = unique_ids(names)
    if all(_ID.fullmatch(name) for name in names):
        targets = {base: name for name, base in bases.items()}
        metrics = tuple(
            _Drafted(ids[name], name, name, None, guesses[name], targets.get(name))
            for name in names
            if name not in bases
        )
        shape = (f"    series_column: {scalar(column)}", f"    value_column: {scalar(values)}")
        return _Draft(metrics, shape, profile.segments)
    series = slug(values)
    metrics = tuple(_Drafted(ids[name], name, series, (column, name), guesses[name]) for name in names)
    lines = (
        "    series:   # the names of the series are no ids, so they are read as a segment",
        f"      {series}: {scalar(values)}",
    )
    return _Draft(metrics, lines, (column, *profile.segments))


def _week_end(profile: Profile) -> tuple[int, str]:
    """The weekday on which weeks end, and why."""
    last = profile.last.weekday()
    if profile.grain == "week" and last == MONDAY:
        return SUNDAY, "the file is dated on Mondays, taken for the first days of weeks"
    if profile.grain == "week":
        return last, "the file is dated on this day, taken for the last day of weeks"
    if profile.grain == "day" and last == SUNDAY:
        return SUNDAY, "since the file ends on a Sunday; one day for the whole company, chosen once"
    return SATURDAY, "one day for the whole company, chosen once"


# --- the draft as text -------------------------------------------------------------------------


def _workspace_yaml(profile: Profile, drafted: _Draft, file_name: str, title: str, now: date) -> str:
    weekday, why = _week_end(profile)
    money = [m.name for m in drafted.metrics if m.guess.unit == "currency"]
    code = currency(money)
    assumed = "   # assumed: no column names a currency" if money and code is None else ""
    form = f", format: {scalar(profile.date_format)}" if profile.date_format else ""
    lines = [
        f"# Drafted on {now} from {comment(file_name)}: {profile.first} to {profile.last}.",
        "# All *.yaml here are read. Change what is wrong; `wbr check` tells all mistakes with their lines.",
        "",
        "company:",
        f"  name: {scalar(title)}",
        f"  currency: {code or 'USD'}{assumed}",
        "  # Decides when a week is over; for example America/New_York.",
        "  time_zone: UTC",
        "",
        "calendar:",
        f"  week_ends_on: {get_args(Weekday)[weekday]}   # {why}",
        "  fiscal_year_ends: december",
        "",
        "# true: a metric without an owner leaves the deck and is listed on page 0.",
        "require_owner: false",
        "",
        "# The people who explain metrics; then `owner: sam.lee` in metrics.yaml.",
        "# people:",
        "#   sam.lee: {name: Sam Lee, email: sam@example.com, roles: [owner]}",
        "",
        "# What happened to the business: holidays and promotions, so that weeks are compared fairly.",
        "# events:",
        "#   - {name: Black Friday, kind: recurring, dates: [2024-11-29, 2025-11-28]}",
        "",
        "sources:",
        f"  {slug(file_name.rpartition('.')[0] or file_name)}:",
        f"    {profile.form}: {scalar(file_name)}",
    ]
    if profile.sheet is not None:
        lines.append(f"    sheet: {scalar(profile.sheet)}")
    lines.append(f"    date: {{column: {scalar(profile.date_column)}{form}}}")
    if profile.grain != "day":
        lines.append(f"    grain: {profile.grain}   # one value per {profile.grain}, dated by any day in it")
    if profile.delimiter != ",":
        lines.append(f"    delimiter: {_sign(profile.delimiter)}")
    if profile.decimal != ".":
        lines.append(f"    decimal: {_sign(profile.decimal)}")
    if profile.thousands:
        lines.append(f"    thousands: {_sign(profile.thousands)}")
    if drafted.segments:
        lines.append(
            f"    segments: [{', '.join(map(scalar, drafted.segments))}]   # tell the rows of one day apart"
        )
    if profile.observed_at is not None:
        lines.append(f"    observed_at: {scalar(profile.observed_at)}   # when a value was known")
    lines += drafted.shape
    return "\n".join(lines) + "\n"


def _sign(sign: str) -> str:
    return scalar(sign) if sign != "\t" else '"\\t"'


def _metrics_yaml(drafted: _Draft, file_name: str) -> str:
    lines = [
        f"# What {comment(file_name)} counts, and how days become a period's value. All of it is guessed.",
        "#",
        "# kind     input: a team can act on it this week; output: it follows; context: it only explains.",
        "#          All are outputs here. Finding the inputs, and who moves them, is the work of the review.",
        "# owner    the one person who explains it in the room, declared under `people`.",
        "# unit     count, currency, fraction (0.05 is 5%), number, days, hours, seconds, score.",
        "# better   up, down, band or none: decides words and colour, never arithmetic.",
        "# measure  total: days add up. mean: a level told per day. latest: the last day of the period.",
        "#          ratio: total ÷ total, for every rate whose two counts are known. Also min, max, first.",
        "# target   for example {style: floor, value: 0.95}, or planned days: {style: series, series: …}.",
        "",
        "metrics:",
    ]
    for metric in drafted.metrics:
        lines += [*_metric_lines(metric), ""]
    return "\n".join([*lines, *_example(drafted.metrics)]).rstrip() + "\n"


def _metric_lines(metric: _Drafted) -> list[str]:
    where = f", where: {{{scalar(metric.where[0])}: {scalar(metric.where[1])}}}" if metric.where else ""
    lines = [
        f"  {metric.id}:",
        f"    name: {scalar(metric.name)}",
        "    kind: output",
        "    owner: null",
        f"    unit: {metric.guess.unit}",
        f"    better: {metric.guess.better}",
    ]
    if metric.guess.because:
        lines.append(f"    # {metric.guess.because}")
    lines.append(f"    measure: {{how: {metric.guess.how}, series: {scalar(metric.series)}{where}}}")
    if metric.guess.scale != 1:
        lines.append(f"    scale: {metric.guess.scale:g}   # percent in the file, a fraction here")
    if metric.target is not None:
        lines.append(f"    target: {{style: series, series: {scalar(metric.target)}}}")
    return lines


def _example(metrics: Sequence[_Drafted]) -> list[str]:
    """A ratio of two metrics that add up, commented out; nothing where names suggest none."""
    totals = {m.name: m for m in metrics if m.guess.how == "total"}
    found = ratio(list(totals))
    if found is None:
        return []
    over, under = totals[found[0]], totals[found[1]]
    if over.where is None:
        of = f"numerator: {scalar(over.series)}, denominator: {scalar(under.series)}"
        measure = f"{{how: ratio, {of}}}"
    else:
        measure = f"{{how: quotient, of: [{over.id}, {under.id}]}}"
    return [
        "  # A rate of these counts, weighing each day by its volume. Remove the # and list it in deck.yaml.",
        f"  # {over.id}_per_{under.id}:",
        f"  #   name: {comment(over.name)} per {comment(under.name)}",
        "  #   kind: output",
        "  #   owner: null",
        "  #   unit: fraction",
        f"  #   better: {over.guess.better}",
        f"  #   measure: {measure}",
    ]


def _deck_yaml(drafted: _Draft, title: str) -> str:
    lines = [
        "# What the deck shows, in reading order. Inputs come before the outputs they move; finance closes.",
        "# An id is that metric's 6-12 chart; {chart: {primary: orders, secondary: visits}} draws two lines.",
        "",
        "decks:",
        "  company:",
        f"    title: {scalar(title)}",
        "    sections:",
        f"      - title: {scalar(title)}",
        "        blocks:",
    ]
    for metric in drafted.metrics:
        chart = f"{{chart: {{primary: {metric.id}, target: {metric.id}}}}}" if metric.target else metric.id
        lines.append(f"          - {chart}")
    return "\n".join(lines) + "\n"
