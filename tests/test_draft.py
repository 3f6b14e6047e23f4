"""A file nobody has described becomes a workspace that works without editing."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from metrics import registry
from metrics.definitions import Definitions
from metrics.ingest.draft import draft, starter
from metrics.ingest.guesses import Guess, Seen, guess, is_measure, ratio, target_base
from metrics.ingest.profile import profile

NOW = date(2026, 5, 11)
SATURDAY = date(2026, 5, 9)


def definitions(files: dict[str, str]) -> Definitions:
    """The workspace as its files say it, checked as a whole."""
    return registry.parse({name: text for name, text in files.items() if name.endswith(".yaml")}).definitions


def a_file(
    folder: Path, header: str, *rows: str, name: str = "sales.csv", last: date = SATURDAY, step: int = 1
) -> Path:
    """A CSV whose rows start with days, the last one as given; `{day}` is filled in front."""
    days = [last - timedelta(days=step * back) for back in reversed(range(len(rows)))]
    text = "\n".join([header, *(f"{day}{row}" for day, row in zip(days, rows, strict=True))])
    (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return folder / name


def drafted(path: Path, title: str = "Shop") -> Definitions:
    return definitions(draft(profile(path), path.name, title, NOW))


# --- guesses ----------------------------------------------------------------------------------

BETTER_RATIO = "total ÷ total (how: ratio) is better, once numerator and denominator are columns"
DAILY = f"a mean of daily rates; {BETTER_RATIO}"
LEVEL = "a level: days do not add up, so they are averaged"
STOCK = "a stock: the last day stands for the period"

# fmt: off
GUESSES = [
    # it shows that …                         name                 low    high    whole  percent  how       unit            better  because  scale
    ("counts add up",                         "orders",            0,     900,    True,  False, Guess("total",  "count",        "up")),
    ("parts of things add up as numbers",     "tonnes",            0,     9.5,    False, False, Guess("total",  "number",       "none")),
    ("money adds up",                         "Revenue",           0,     9.5,    False, False, Guess("total",  "currency",     "up")),
    ("a currency in the name is money",       "net_eur",           0,     9000,   True,  False, Guess("total",  "currency",     "none")),
    ("a rate is a mean of days, with advice", "conversion_rate",   0.01,  0.2,    False, False, Guess("mean",   "fraction",     "up",   DAILY)),
    ("a percent sign tells a fraction",       "Opened",            0.01,  1.8,    False, True,  Guess("mean",   "fraction",     "none", DAILY)),
    ("values within 0 and 1 are fractions",   "on time",           0.4,   1,      False, False, Guess("mean",   "fraction",     "none", DAILY)),
    ("a rate may be 0 or 1 only",             "uptime_share",      0,     1,      True,  False, Guess("mean",   "fraction",     "none", DAILY)),
    ("a column in percent is scaled",         "churn_pct",         0,     12.5,   False, False, Guess("mean",   "fraction",     "down", f"the column counts percent; {BETTER_RATIO}", 0.01)),
    ("a rate beyond 1 stays a number",        "defect rate",       0,     400,    True,  False, Guess("mean",   "number",       "down", f"a rate, but not between 0 and 1; {BETTER_RATIO}")),
    ("a rate without known values",           "bounce rate",       None,  None,   True,  False, Guess("mean",   "number",       "down", f"a rate; a fraction if 0.05 is 5%; {BETTER_RATIO}")),
    ("a price is a level",                    "avg price",         0.2,   0.9,    False, False, Guess("mean",   "currency",     "none", LEVEL)),
    ("a temperature is a level",              "temp",              0.1,   0.9,    False, False, Guess("mean",   "number",       "none", LEVEL)),
    ("a score is a score",                    "NPS",               -20,   60,     True,  False, Guess("mean",   "score",        "up",   LEVEL)),
    ("active users are a level",              "active_users",      900,   990,    True,  False, Guess("mean",   "number",       "up",   LEVEL)),
    ("a stock is read at the end",            "stock",             0,     900,    True,  False, Guess("latest", "count",        "none", STOCK)),
    ("a balance of money is read at the end", "cash balance",      0,     900,    False, False, Guess("latest", "currency",     "none", STOCK)),
    ("what is new adds up",                   "new_mrr",           0,     900,    False, False, Guess("total",  "currency",     "up")),
    ("a wait is averaged",                    "wait_seconds",      0,     900,    True,  False, Guess("mean",   "seconds",      "down", "a duration told per day: the mean of the days")),
    ("hours add up",                          "hours",             0,     900,    True,  False, Guess("total",  "hours",        "none", "hours add up; `mean` if it is a level")),
]
# fmt: on


@pytest.mark.parametrize(
    "name, low, high, whole, percent, wanted", [c[1:] for c in GUESSES], ids=[c[0] for c in GUESSES]
)
def test_guess(name, low, high, whole, percent, wanted):
    assert guess(Seen(name, low, high, whole, percent)) == wanted


@pytest.mark.parametrize(
    "name, low, high, measure",
    [
        ("customer_id", 1, 900, False),
        ("year", 2024, 2026, False),
        ("weekday", 0, 6, False),
        ("is_holiday", 0, 1, False),
        ("workingday", 0, 1, False),
        ("injuries", 0, 1, True),
        ("holiday sales", 0, 900, True),
        ("orders", 1, 900, True),
    ],
)
def test_a_number_that_names_a_row_or_a_day_is_no_measure(name, low, high, measure):
    assert is_measure(Seen(name, low, high, whole=True)) is measure


@pytest.mark.parametrize(
    "name, base",
    [
        ("Orders__Target", "Orders"),
        ("orders plan", "Orders"),
        ("Target", None),
        ("Visits Target", None),
        ("Orders", None),
    ],
)
def test_a_column_of_targets_names_its_metric(name, base):
    assert target_base(name, ["Orders", name]) == base


@pytest.mark.parametrize(
    "names, pair",
    [
        (["Orders", "Sessions"], ("Orders", "Sessions")),
        (["sessions", "clicks", "impressions"], ("clicks", "sessions")),
        (["orders"], None),
        (["rain", "sun"], None),
    ],
)
def test_a_ratio_is_proposed_only_where_names_suggest_one(names, pair):
    assert ratio(names) == pair


# --- whole files --------------------------------------------------------------------------------


def test_every_number_of_a_wide_file_has_a_metric_and_a_chart(tmp_path):
    path = a_file(
        tmp_path,
        "day,Orders,Orders__Target,Sessions,Pct Late,id",
        ",1,2,30,0.5,7",
        ",2,2,31,0.25,8",
        ",3,2,32,0.3,9",
    )
    defined = drafted(path)
    source = defined.sources["sales"]
    assert source.model_dump(exclude_unset=True) == {
        "csv": "sales.csv",
        "date": {"column": "day"},
        "series": {
            "orders": "Orders",
            "orders_target": "Orders__Target",
            "sessions": "Sessions",
            "pct_late": "Pct Late",
        },
    }
    assert {m.id: (m.name, m.kind, m.owner, m.measure.how, m.unit) for m in defined.metrics.values()} == {
        "orders": ("Orders", "output", None, "total", "count"),
        "sessions": ("Sessions", "output", None, "total", "count"),
        "pct_late": ("Pct Late", "output", None, "mean", "fraction"),
    }
    assert defined.metrics["orders"].target.model_dump() == {"style": "series", "series": "orders_target"}
    (section,) = defined.decks["company"].sections
    assert [(b.chart.primary, b.chart.target) for b in section.blocks] == [
        ("orders", "orders"), ("sessions", None), ("pct_late", None),
    ]  # fmt: skip
    assert (defined.require_owner, defined.company.name, defined.company.now) == (False, "Shop", None)


def test_the_proposed_ratio_works_once_its_signs_are_removed(tmp_path):
    path = a_file(tmp_path, "day,Orders,Sessions", ",1,30", ",2,31")
    files = draft(profile(path), path.name, "Shop", NOW)
    lines = files["metrics.yaml"].splitlines()
    start = lines.index("  # orders_per_sessions:")
    uncommented = [line.replace("  # ", "  ", 1) for line in lines[start:]]
    defined = definitions(files | {"metrics.yaml": "\n".join(lines[:start] + uncommented)})
    assert defined.metrics["orders_per_sessions"].measure.model_dump(exclude_unset=True) == {
        "how": "ratio", "numerator": "orders", "denominator": "sessions",
    }  # fmt: skip


def test_signs_and_formats_of_the_file_are_declared(tmp_path):
    path = tmp_path / "umsatz.csv"
    path.write_text(
        "Datum;Umsatz EUR\n13.02.2026;1.200,50\n14.02.2026;1.300,50\n15.02.2026;900,00\n", encoding="utf-8"
    )
    defined = drafted(path)
    source = defined.sources["umsatz"]
    assert (source.decimal, source.thousands, source.delimiter) == (",", ".", ";")
    assert source.date.format == "%d.%m.%Y"
    assert defined.company.currency == "EUR"


def test_a_long_file_whose_series_are_ids_is_read_as_long(tmp_path):
    path = tmp_path / "sales.csv"
    rows = [
        f"2026-05-0{day},{series},{day},{country}"
        for day in (8, 9)
        for series in ("orders", "visits")
        for country in ("DE", "US")
    ]
    path.write_text("\n".join(["date,series,value,country", *rows]), encoding="utf-8")
    defined = drafted(path)
    assert defined.sources["sales"].model_dump(exclude_unset=True) == {
        "csv": "sales.csv",
        "date": {"column": "date"},
        "series_column": "series",
        "value_column": "value",
        "segments": ("country",),
    }
    assert {m.id: m.measure.series for m in defined.metrics.values()} == {
        "orders": "orders",
        "visits": "visits",
    }


def test_a_long_file_whose_series_are_no_ids_stays_as_it_is(tmp_path):
    path = a_file(
        tmp_path, "date,metric,value", ",Page Views,1", ",Bounce %,0.5", ",Page Views,2", ",Bounce %,0.4"
    )
    defined = drafted(path)
    assert defined.sources["sales"].segments == ("metric",)
    assert {m.id: (m.name, m.measure.model_dump(exclude_unset=True)) for m in defined.metrics.values()} == {
        "bounce_pct": ("Bounce %", {"how": "mean", "series": "value", "where": {"metric": "Bounce %"}}),
        "page_views": ("Page Views", {"how": "total", "series": "value", "where": {"metric": "Page Views"}}),
    }


# fmt: off
WEEKS = [
    # it shows that …                               last day            step  weekday      grain
    ("weeks end on Saturday",                       SATURDAY,           1,    "saturday",  "day"),
    ("whatever weekday the data end on",            date(2026, 5, 6),   1,    "saturday",  "day"),
    ("but on Sunday if the data do",                date(2026, 5, 10),  1,    "sunday",    "day"),
    ("a weekly file dated on Fridays ends there",   date(2026, 5, 8),   7,    "friday",    "week"),
    ("dated on Mondays, weeks start there",         date(2026, 5, 11),  7,    "sunday",    "week"),
]
# fmt: on


@pytest.mark.parametrize("last, step, weekday, grain", [c[1:] for c in WEEKS], ids=[c[0] for c in WEEKS])
def test_week_end(tmp_path, last, step, weekday, grain):
    defined = drafted(a_file(tmp_path, "day,orders", ",1", ",2", ",3", ",4", last=last, step=step))
    assert (defined.calendar.week_ends_on, defined.sources["sales"].grain) == (weekday, grain)


@pytest.mark.parametrize(
    "header",
    [
        "yes",
        "null",
        "n",
        "a: b",
        "# x",
        "{x}",
        "名前",
        "404s",
        "Orders,orders",
        'a "quoted" name'.replace('"', '""'),
        "%",
        "- x",
    ],
)
def test_any_column_name_makes_a_workspace(tmp_path, header):
    columns = header.split(",")
    row = "".join(f",{number + 2}" for number in range(len(columns)))
    defined = drafted(a_file(tmp_path, f"day,{header}", row, row, row, name="my data [1].csv"))
    assert [m.name for m in defined.metrics.values()] == columns
    assert [source.csv for source in defined.sources.values()] == ["my data [1].csv"]


@pytest.mark.parametrize("title", ["Shop: the week", "# 1", "", "null", "line\nbreak", "{x}", "it's"])
def test_any_title_survives(tmp_path, title):
    path = a_file(tmp_path, "day,orders", ",1", ",2")
    wanted = title or "Weekly business review"
    assert drafted(path, title).company.name == wanted
    assert drafted(path, title).decks["company"].title == wanted


def test_a_file_of_keys_alone_still_shows_them(tmp_path):
    assert list(drafted(a_file(tmp_path, "day,id", ",5", ",6")).metrics) == ["id"]


# --- no file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["Shop", "", "a: b", "# x"])
def test_a_starter_is_a_valid_workspace_without_data(title):
    defined = definitions(starter(title))
    assert defined.company.name == (title or "My company")
    assert (defined.metrics, defined.sources, defined.require_owner) == ({}, {}, False)


def test_the_example_of_the_starter_works_once_its_signs_are_removed():
    text = starter("Shop")["workspace.yaml"]
    head, _, example = text.partition("then `wbr load`.\n")
    uncommented = "\n".join(line.removeprefix("# ").removeprefix("#") for line in example.splitlines())
    defined = definitions({"workspace.yaml": head + "\n" + uncommented})
    assert list(defined.metrics) == ["sessions", "conversion"]
    assert [b.chart.primary for b in defined.decks["company"].sections[0].blocks] == [
        "sessions",
        "conversion",
    ]
