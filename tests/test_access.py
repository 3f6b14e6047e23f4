"""Who may see what, who may do what: rules as tables, and a confidential metric looked for everywhere."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app as commands
from metrics.definitions import Definitions, Withheld
from metrics.errors import DecisionError, MetricsError, NotAllowedError, UnknownNameError
from metrics.export import FORMATS, html
from metrics.export import json as json_form
from metrics.registry import lint, parse
from metrics.reviews.access import GONE, LEFT_OUT, Hidden, Sieve, hidden
from metrics.reviews.login import holds, identified
from metrics.workspace import Workspace
from tests.browser import DEFINITIONS, FIRST, ROOT, a_shop

SECRET = "secret_margin"
NAME = "Zebra margin"
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)

PEOPLE = """
people:
  ada: {name: Ada Moss, roles: [owner], email: ada@shop.example}
  ben: {name: Ben Roe, roles: [owner], email: ben@shop.example}
  cy: {name: Cy Dale, roles: [analyst], email: cy@shop.example}
  dee: {name: Dee Poe, roles: [deck_owner], email: dee@shop.example}
  eve: {name: Eve Lo, roles: [finance, executive], email: eve@shop.example}
  fay: {name: Fay Ito, roles: [listener], login: "sub-of-fay"}
"""


def a_secretive_shop(folder: Path) -> Path:
    """The shop with a confidential metric in its deck, its events, its goals, its links, its texts."""
    text = DEFINITIONS.replace(
        DEFINITIONS[DEFINITIONS.index("people:") : DEFINITIONS.index("sources:")], PEOPLE
    )
    text = text.replace(
        "series: {visits: visits, orders: orders, revenue: revenue}",
        "series: {visits: visits, orders: orders, revenue: revenue, hush: hush}",
    )
    text = text.replace(
        "links:\n",
        f"""  {SECRET}:
    {{name: {NAME}, kind: output, owner: ada, unit: currency, better: up, confidential: true,
     measure: {{how: total, series: hush}}, target: {{style: floor, value: 77731}}}}
  profit:
    {{name: Profit, kind: output, owner: ben, unit: currency, better: up, guardrails: [{SECRET}],
     meaning: "What is left. {NAME} tells most of it.",
     measure: {{how: sum, of: [revenue, {SECRET}]}}}}
events:
  - {{name: {NAME} renegotiated, kind: one_off, week_endings: [2026-01-10], scope: [{SECRET}], because: rates}}
links:
  - {{driver: visits, driven: {SECRET}, sign: "+", lag_weeks: [0, 1], because: "more come"}}
""",
    )
    text = (
        text.replace(
            "decks:\n",
            f"""  - {{name: "{NAME} to 9", metric: {SECRET}, period: {{year: 2026}}, value: 9, owner: ada}}
decks:
  board: {{title: For the board, readers: [executive], sections: [{{title: All, blocks: [profit]}}]}}
""",
        )
        .replace(
            "- {title: The door, blocks: [visits, conversion]}",
            f"- {{title: The door, blocks: [{SECRET}, visits, conversion, profit]}}",
        )
        .replace(
            "{header: Orders, metric: orders}",
            f"{{header: Orders, metric: orders}}, {{header: Z, metric: {SECRET}}}",
        )
    )
    # The company's deck stays the first one.
    head, _, board = text.partition("  board:")
    line, _, rest = board.partition("\n")
    a_shop(folder, loaded=False)
    (folder / "workspace.yaml").write_text(f"{head}{rest.rstrip()}\n  board:{line}\n", encoding="utf-8")
    lines = (folder / "shop.csv").read_text(encoding="utf-8").splitlines()
    (folder / "shop.csv").write_text(
        "\n".join([f"{lines[0]},hush", *(f"{each},{40 + n % 13}" for n, each in enumerate(lines[1:]))]) + "\n"
    )
    house = open_workspace(folder)
    house.load(by="test")
    saying, last = house.loop.saying, house.default_week()
    due = last + timedelta(days=14)
    saying.answer(SECRET, "still_analysing", f"{NAME} moved within its range.", by="ada", due=due)
    saying.answer("orders", "still_analysing", f"Usual week. {NAME} was 33319 lower.", by="ben", due=due)
    saying.annotate(SECRET, last, f"{NAME} was restated", by="ada")
    saying.ask(SECRET, f"Why is {NAME} low?", by="eve")
    saying.park(f"What {NAME} should be", by="dee")
    house.loop.publish(by="dee", despite="a test")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_secretive_shop(tmp_path_factory.mktemp("secret") / "shop")


@pytest.fixture
def house(folder: Path) -> Workspace:
    return open_workspace(folder)


# --- the rule ------------------------------------------------------------------------------------


def definitions(confidential: str = "true", readers: str = "[]") -> Definitions:
    return parse(
        {
            "w.yaml": f"""
company: {{name: X}}
{PEOPLE}
metrics:
  m: {{name: M, kind: output, owner: ada, unit: count, better: up, confidential: {confidential},
       measure: {{how: total, series: s}}}}
decks:
  d: {{title: D, readers: {readers}, sections: [{{title: S, blocks: [m]}}]}}
"""
        }
    ).definitions


# fmt: off
WHO = [
    # it shows that …                                       confidential     readers            who     metric  deck
    ("what is not confidential is everybody's",             "false",         "[]",              None,   True,   True),
    ("a stranger sees nothing confidential",                "true",          "[]",              None,   False,  True),
    ("a listener sees nothing confidential",                "true",          "[]",              "fay",  False,  True),
    ("an analyst prepares and does not read it",            "true",          "[]",              "cy",   False,  True),
    ("its owner sees it",                                   "true",          "[]",              "ada",  True,   True),
    ("another owner does not",                              "true",          "[]",              "ben",  False,  True),
    ("its deputy does, while the dates hold",               "true",          "[]",              "ben!", True,   True),
    ("finance and executives have the right",               "true",          "[]",              "eve",  True,   True),
    ("a list takes the right's place",                      "[cy]",          "[]",              "eve",  False,  True),
    ("who is listed sees it",                               "[cy]",          "[]",              "cy",   True,   True),
    ("a role may be listed",                                "[listener]",    "[]",              "fay",  True,   True),
    ("its owner sees it whatever is listed",                "[cy]",          "[]",              "ada",  True,   True),
    ("a name that nobody has is a stranger",                "true",          "[]",              "zoe",  False,  True),
    ("a deck without readers is everybody's",               "false",         "[]",              "fay",  True,   True),
    ("a deck with readers is theirs",                       "false",         "[executive]",     "eve",  True,   True),
    ("and nobody else's",                                   "false",         "[executive]",     "cy",   True,   False),
    ("a person may be a reader",                            "false",         "[cy]",            "cy",   True,   True),
    ("a stranger is a listener",                            "false",         "[listener]",      None,   True,   True),
    ("a stranger is nothing else",                          "false",         "[owner]",         None,   True,   False),
]
# fmt: on


@pytest.mark.parametrize(
    ("confidential", "readers", "who", "metric", "deck"), [c[1:] for c in WHO], ids=[c[0] for c in WHO]
)
def test_who_sees_what(confidential, readers, who, metric, deck):
    speakers = {"m": ("ada", "ben") if who == "ben!" else ("ada",)}
    found = hidden(definitions(confidential, readers), who and who.rstrip("!"), speakers)
    assert (not found.metrics, not found.decks) == (metric, deck)


def test_a_reader_who_is_nobody_is_a_mistake_of_the_file():
    with pytest.raises(MetricsError, match="confidential"):
        definitions("[nobody_such]")


# fmt: off
TEXTS = [
    # it shows that …                                    text                                              what is left
    ("a text about something else stays",                "Orders fell.",                                   "Orders fell."),
    ("the sentence that names it goes, with its number", "Orders fell. Zebra margin was 333. Rain.",       "Orders fell. Rain."),
    ("nothing left is told by a sign",                   "Zebra margin was 333",                           LEFT_OUT),
    ("its id counts too",                                "See secret_margin. Fine.",                       "Fine."),
    ("a longer name of another metric is that metric's", "Zebra margin growth is up.",                     "Zebra margin growth is up."),
    ("part of a word is not a name",                     "Zebra margins everywhere",                       "Zebra margins everywhere"),
]
# fmt: on


@pytest.mark.parametrize(("text", "left"), [c[1:] for c in TEXTS], ids=[c[0] for c in TEXTS])
def test_texts_are_sifted(text, left):
    known = parse(
        {
            "w.yaml": f"""
company: {{name: X}}
metrics:
  {SECRET}: {{name: {NAME}, kind: output, unit: count, better: up, measure: {{how: total, series: s}}}}
  g: {{name: {NAME} growth, kind: output, unit: fraction, better: up, measure: {{how: growth, of: {SECRET}}}}}
"""
        }
    ).definitions
    sieve = Sieve(known, Hidden(frozenset({SECRET})))
    assert sieve.text(text) == left
    assert sieve.value({"metric": SECRET, "text": text}) is GONE
    assert sieve.value({"metrics": [SECRET]}) is GONE
    assert sieve.value({"inputs": [SECRET, "g"]}) == {"inputs": ["g"]}


def test_a_metric_computed_from_it_keeps_its_numbers_and_loses_its_formula(house):
    view = house.seen_by("fay")
    assert view.metric("profit").measure == Withheld()
    assert view.history("profit")["value"].equals(house.history("profit")["value"])
    assert view.chart("profit") == house.chart("profit")
    assert view.drivers.dimensions("profit") == ()


def test_blocks_keep_their_numbers(house):
    everybody = {b.title: b.number for b in house.deck().blocks}
    for block in house.seen_by(None).deck().blocks:
        assert everybody[block.title] == block.number


def test_nothing_hidden_is_the_workspace_itself(house):
    assert house.seen_by("eve") is house
    assert house.seen_by("fay") is house.seen_by(None)


# --- everywhere ------------------------------------------------------------------------------------


def told(value: object) -> Iterator[str]:
    """Every string of a value, however deep."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from told(getattr(value, field.name))
    elif isinstance(value, BaseModel):
        yield from told(value.model_dump(mode="json", warnings=False))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from told(key)
            yield from told(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from told(inner)


def clean(value: object) -> None:
    for text in told(value):
        assert SECRET not in text, text[:300]
        assert NAME not in text, text[:300]
        assert "hush" not in text, text[:300]


EVERYTHING = {
    "definitions": lambda w: w.definitions.model_dump(mode="json", warnings=False),
    "today's definitions": lambda w: w.loop.definitions.model_dump(mode="json", warnings=False),
    "the registry's places": lambda w: dict(w.registry.places),
    "deck": lambda w: json_form.as_json(w.deck()),
    "deck as HTML": lambda w: html.document(w.deck()),
    "deck of a past moment": lambda w: json_form.as_json(w.deck(as_of=w.now())),
    "signals": lambda w: w.signals(),
    "a week judged": lambda w: w.judging.week(w.default_week()),
    "verdicts": lambda w: (list(w.verdicts().judged), list(w.verdicts().told.metrics), dict(w.verdicts().told.rolled.row)),
    "correlations": lambda w: w.evidence.correlations(),
    "links": lambda w: w.evidence.links(),
    "beliefs": lambda w: w.beliefs.beliefs(),
    "wheel": lambda w: w.deck().wheel,
    "goals": lambda w: w.goals.tracks(),
    "kept goals": lambda w: w.goals.kept(),
    "owners": lambda w: w.loop.owning.owners().all(w.loop.today),
    "owed": lambda w: w.loop.owed(),
    "reminders": lambda w: w.loop.reminders(),
    "a reader's own reminders": lambda w: {p: m for p, m in w.whole.loop.reminders().items() if p in ("cy", "")},
    "answers": lambda w: w.loop.saying.answers(),
    "questions": lambda w: w.loop.saying.questions(),
    "topics": lambda w: w.loop.saying.topics(),
    "annotations": lambda w: w.loop.saying.annotations(),
    "certifications": lambda w: w.loop.certifying.certifications(w.default_week()),
    "facts": lambda w: w.journal.facts(),
    "search": lambda w: w.loop.history("margin"),
    "decisions about limits": lambda w: w.decisions(),
    "drivers": lambda w: [w.drivers.dimensions(m) for m in w.definitions.metrics],
    "provenance": lambda w: [w.provenance(m).to_dict("records") for m in w.definitions.metrics],
    "restatements": lambda w: w.restatements().to_dict("records"),
    "sources": lambda w: [s.model_dump(mode="json") for s in w.all_sources.values()],
    "findings": lambda w: w.findings(),
    "frozen HTML": lambda w: w.loop.publishing.document(w.loop.publishing.editions()[-1]).decode(),
    "frozen values": lambda w: w.loop.publishing.values(w.loop.publishing.editions()[-1]),
    "frozen words": lambda w: w.loop.publishing.week(w.loop.publishing.editions()[-1]),
    "editions": lambda w: w.loop.publishing.editions(),
    "changes since": lambda w: w.loop.changes(w.default_week()),
}  # fmt: skip


@pytest.mark.parametrize("where", EVERYTHING)
def test_for_whom_it_is_confidential_it_is_nowhere(house, where):
    clean(EVERYTHING[where](house.seen_by("cy")))


@pytest.mark.parametrize("where", ["deck", "facts", "goals", "frozen HTML", "correlations"])
def test_who_may_see_it_sees_it(house, where):
    with pytest.raises(AssertionError):
        clean(EVERYTHING[where](house.seen_by("eve")))


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_in_no_exported_file(house, form):
    if form in ("pdf", "pptx", "xlsx"):  # Compressed: their text is looked for in the forms they are made of.
        assert SECRET not in repr(house.seen_by("cy").deck())
    made = house.seen_by("cy").exporting.exported(name=form, edition="newest")
    assert SECRET.encode() not in made.data
    assert NAME.encode() not in made.data


def test_its_numbers_are_nowhere_either(house):
    """77731 is its target, 33319 what somebody said of it."""
    shown = json.dumps(json_form.as_json(house.seen_by("cy").deck())) + str(
        house.seen_by("cy").journal.facts()
    )
    assert "77731" not in shown
    assert "33319" not in shown


def test_who_asks_by_name_is_told_what_is_said_of_a_metric_that_is_not_there(house):
    view = house.seen_by("cy")
    with pytest.raises(UnknownNameError) as there:
        view.metric(SECRET)
    with pytest.raises(UnknownNameError) as nowhere:
        view.metric("zzz")
    assert str(there.value).replace(SECRET, "zzz") == str(nowhere.value)


@pytest.mark.parametrize(
    "act",
    [
        lambda w: w.loop.saying.answer(SECRET, "still_analysing", "x", by="cy"),
        lambda w: w.loop.saying.ask(SECRET, "x", by="dee"),
        lambda w: w.loop.owning.assign(SECRET, "cy", "x", by="cy"),
        lambda w: w.limits.declare_divider(SECRET, w.default_week(), "x", "cy"),
        lambda w: w.evidence.pair("visits", SECRET),
        lambda w: w.deck(deck="board"),
    ],
)
def test_nothing_can_be_done_with_what_is_not_there(house, act):
    with pytest.raises(UnknownNameError):
        act(house.seen_by("cy"))


def test_whoever_sees_less_publishes_all_of_it(tmp_path):
    house = open_workspace(a_secretive_shop(tmp_path / "shop"))
    house.entering.revoke("eve", "finance", by="dee", because="a test")
    edition = house.seen_by("dee").loop.publish(by="dee", because="again")
    assert SECRET in json.dumps(house.whole.loop.publishing.values(edition))


@pytest.mark.parametrize(
    "page", ["review", "metric", "goals", "owners", "flywheel", "correlations", "sources"]
)
def test_no_page_shows_it(folder, monkeypatch, page):
    monkeypatch.setenv("WBR_WORKSPACE", str(folder))
    app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=30)
    app.query_params["as"] = "cy"
    app.query_params["metric"] = SECRET
    if page != "review":
        app.run()
        app.query_params["metric"] = SECRET
        app.switch_page(str(ROOT / "pages" / f"{page}.py"))
    app.run()
    assert not app.exception
    shown = str(app.main) + "".join(one.proto.json for one in app.get("bidi_component"))
    assert NAME not in shown
    assert "hush" not in shown
    # The address itself is repeated in the notice; nothing else says the id.
    assert SECRET not in shown.replace(f"“{SECRET}”", "").replace(f"'{SECRET}'", "").replace(
        f'"{SECRET}"', ""
    )


def test_a_load_names_no_source_that_only_it_reads(tmp_path):
    shop = a_secretive_shop(tmp_path / "shop")
    file = shop / "workspace.yaml"
    aims = f"{{{SECRET}: {{csv: aims.csv, date: {{column: day}}, value_column: aim, set_by: eve, because: planned}}}}"
    told = file.read_text(encoding="utf-8").replace(", target: {style: floor, value: 77731}", "")
    file.write_text(f"{told}\ntargets: {aims}\n", encoding="utf-8")
    (shop / "aims.csv").write_text("day,aim\n2026-05-02,9\n", encoding="utf-8")
    house = open_workspace(shop)
    house.load(by="test")
    assert house.seen_by("eve").loads()["sources"][0] == f"shop, targets:{SECRET}"
    assert house.seen_by("cy").loads()["sources"][0] == "shop"


COMMANDS = [
    "deck --format json", "signals --format json", "correlations --format json", "links --format json",
    "owners --format json", "published",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_for_a_reader_tells_it(folder, command):
    done = CliRunner().invoke(commands, [*command.split(), "-w", str(folder)], env={"WBR_READER": "cy"})
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    assert NAME not in done.output


# --- roles -----------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    folder = a_shop(tmp_path / "shop", loaded=False)
    text = DEFINITIONS.replace(
        DEFINITIONS[DEFINITIONS.index("people:") : DEFINITIONS.index("sources:")], PEOPLE
    )
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    return open_workspace(folder)


def test_a_role_is_granted_and_taken_away_and_counts_at_once(shop):
    other = open_workspace(shop.folder)  # Another process, open since before.
    assert "finance" not in other.definitions.people["cy"].roles
    shop.entering.grant("cy", "finance", by="dee", because="Eve is away")
    other.seen_by("cy")
    assert "finance" in other.definitions.people["cy"].roles
    shop.entering.revoke("cy", "finance", by="dee", because="Eve is back")
    other.loop.chronicle.facts()
    assert "finance" not in other.definitions.people["cy"].roles


def test_a_declared_role_can_be_taken_away(shop):
    shop.entering.revoke("eve", "executive", by="dee", because="left the board")
    assert shop.definitions.people["eve"].roles == ("finance",)


# fmt: off
REFUSED = [
    # it shows that …                        who   whom    role         error
    ("who has not the right grants nothing", "ada", "cy",  "finance",   NotAllowedError),
    ("nobody grants themselves",             "dee", "dee", "finance",   NotAllowedError),
    ("a role must be one",                   "dee", "cy",  "king",      DecisionError),
    ("a person must be one",                 "dee", "zoe", "finance",   UnknownNameError),
    ("a role is granted once",               "dee", "cy",  "analyst",   DecisionError),
]
# fmt: on


@pytest.mark.parametrize(
    ("who", "whom", "role", "error"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_roles_are_refused(shop, who, whom, role, error):
    with pytest.raises(error):
        shop.entering.grant(whom, role, by=who, because="because")
    assert shop.journal.facts(kind="role") == ()


def test_loading_and_taking_back_ask_a_right(shop):
    with pytest.raises(NotAllowedError, match="may not load numbers"):
        shop.load(by="ada")
    assert shop.load(by="cy").load == 1
    with pytest.raises(NotAllowedError, match="may not take a load back"):
        shop.undo(1, by="ada")
    assert shop.undo(1, by="cy").undoes == 1


def test_whoever_keeps_the_folder_loads_by_command(shop):
    assert shop.load(by="root").load == 1


def test_the_rights_are_listed(shop):
    done = CliRunner().invoke(commands, ["rights", "-w", str(shop.folder)])
    assert done.exit_code == 0
    assert "grant or take away a role: deck owner" in done.output
    assert "Dee Poe" in done.output


# --- logins ----------------------------------------------------------------------------------------


# fmt: off
CLAIMS = [
    # it shows that …                             login                                claims                                                     person  roles          refused
    ("an address is matched in any case",         "{}",                                {"email": "ADA@shop.example"},                             "ada",  (),            False),
    ("an address that is not verified is none",   "{}",                                {"email": "ada@shop.example", "email_verified": False},    None,   (),            True),
    ("a stranger is refused",                     "{}",                                {"email": "x@else.example"},                               None,   (),            True),
    ("a stranger may read, if that is said",      "{unknown: read}",                   {"email": "x@else.example"},                               None,   (),            False),
    ("another claim is matched exactly",          "{claim: sub}",                      {"sub": "sub-of-fay"},                                     "fay",  (),            False),
    ("and not in another case",                   "{claim: sub}",                      {"sub": "SUB-of-fay"},                                     None,   (),            True),
    ("no claim is nobody",                        "{claim: sub}",                      {},                                                        None,   (),            True),
    ("groups bring roles",                        "{groups: {wbr-fin: [finance]}}",    {"email": "ada@shop.example", "groups": ["wbr-fin", "x"]}, "ada",  ("finance",),  False),
    ("groups of another shape bring none",        "{groups: {wbr-fin: [finance]}}",    {"email": "ada@shop.example", "groups": {"wbr-fin": 1}},   "ada",  (),            False),
]
LOGINS = [
    # it shows that …                          claims                              ended minutes ago  it holds
    ("a login holds until it expires",         {"iat": -60, "exp": 60},            None,              True),
    ("and no longer",                          {"iat": -60, "exp": 0},             None,              False),
    ("without an end it holds never",          {"iat": -60},                       None,              False),
    ("without a beginning neither",            {"exp": 60},                        None,              False),
    ("an end in words is none",                {"iat": -60, "exp": "tomorrow"},    None,              False),
    ("logged out since is logged out",         {"iat": -60, "exp": 60},            30,                False),
    ("a later login holds",                    {"iat": -10, "exp": 60},            30,                True),
]
# fmt: on


@pytest.mark.parametrize(
    ("login", "claims", "person", "roles", "refused"), [c[1:] for c in CLAIMS], ids=[c[0] for c in CLAIMS]
)
def test_who_a_provider_vouches_for(login, claims, person, roles, refused):
    known = parse({"w.yaml": f"company: {{name: X}}\nlogin: {login}\n{PEOPLE}"}).definitions
    found = identified(known, claims)
    assert (found.person, found.roles, bool(found.refused)) == (person, roles, refused)


@pytest.mark.parametrize(("claims", "ended", "it_holds"), [c[1:] for c in LOGINS], ids=[c[0] for c in LOGINS])
def test_how_long_a_login_holds(claims, ended, it_holds):
    at = {n: NOW.timestamp() + 60 * v if isinstance(v, int) else v for n, v in claims.items()}
    since = NOW - timedelta(minutes=ended) if ended else None
    assert (holds(at, NOW, since) == "") is it_holds


# fmt: off
GROUPED = [
    # it shows that …                                          logins of cy: since, until, groups; in minutes  out since  sees it
    ("groups bring roles",                                      [(-60, 60, ["f"])],                              None,      True),
    ("until the login ends",                                    [(-60, 0, ["f"])],                               None,      False),
    ("a login without the group takes them away",               [(-60, 60, ["f"]), (-5, 60, [])],                None,      False),
    ("an older login elsewhere does not bring them back",       [(-5, 60, []), (-60, 60, ["f"])],                None,      False),
    ("nor does one that is over, or was logged out",            [(-60, 0, ["f"]), (-90, -30, ["f"])],            None,      False),
    ("logged out everywhere is without them",                   [(-60, 60, ["f"])],                              "after",   False),
    ("and a login of before does not bring them back",          [(-60, 60, ["f"])],                              "before",  False),
]
# fmt: on


@pytest.mark.parametrize(("logins", "out", "sees"), [c[1:] for c in GROUPED], ids=[c[0] for c in GROUPED])
def test_the_roles_of_groups_count_while_the_login_holds_also_for_tokens(tmp_path, logins, out, sees):
    folder = a_secretive_shop(tmp_path / "shop")
    file = folder / "workspace.yaml"
    file.write_text(file.read_text() + "login: {groups: {f: [finance]}}\n")
    house, now = open_workspace(folder), datetime.now(UTC).timestamp()
    if out == "before":
        house.entering.log_out("cy", by="cy", because="a test")
    for since, until, groups in logins:
        claims = {"email": "cy@shop.example", "groups": groups}
        assert (
            house.entering.identified({**claims, "iat": now + 60 * since, "exp": now + 60 * until}).person
            == "cy"
        )
    if out == "after":
        house.entering.log_out("cy", by="cy", because="a test")
    assert (SECRET in house.seen_by("cy").definitions.metrics) is sees


def test_roles_of_groups_end_with_the_login_where_nobody_clicks(tmp_path):
    at = [NOW]
    house = Workspace(a_secretive_shop(tmp_path / "shop"), lambda: at[0])
    house.belongs("cy", ("finance",), NOW.timestamp(), NOW.timestamp() + 3600)
    assert SECRET in house.seen_by("cy").definitions.metrics
    at[0] = NOW + timedelta(hours=1)
    assert SECRET not in house.seen_by("cy").definitions.metrics


def test_a_group_of_nobodys_role_is_a_mistake_of_the_file():
    with pytest.raises(MetricsError, match=r"login\.groups"):
        parse({"w.yaml": f"company: {{name: X}}\nlogin: {{groups: {{g: [king]}}}}\n{PEOPLE}"})


def test_oneself_is_logged_out_everywhere_and_others_by_whom_roles_are_given(shop):
    shop.entering.log_out("ada", by="ada", because="lost my phone")
    with pytest.raises(NotAllowedError):
        shop.entering.log_out("ada", by="cy", because="x")
    shop.entering.log_out("*", by="dee", because="a stolen key")
    earlier = {"iat": NOW.timestamp(), "exp": datetime.now(UTC).timestamp() + 3600}
    assert "everywhere" in shop.entering.holds(earlier, "ben")


def test_no_page_has_an_editable_grid():
    """Streamlit checks a grid's edits in the browser only, so there is none: each decision is checked where it is made."""
    wrong = [
        p.name for p in (ROOT / "metrics").rglob("*.py") if "data_editor(" in p.read_text(encoding="utf-8")
    ]
    assert wrong == []
    assert FIRST  # The shop of the other tests.


# fmt: off
WORKED_OUT = [
    # it shows that …                                   more metrics                                                                     advice
    ("the same series tells it",                        "  b: {name: B, kind: output, unit: count, better: up, measure: {how: mean, series: s}}",       "b"),
    ("a ratio of it tells it",                          "  b: {name: B, kind: output, unit: fraction, better: up, measure: {how: ratio, numerator: s, denominator: t}}", "b"),
    ("a sum with it tells it",                          "  b: {name: B, kind: output, unit: count, better: up, measure: {how: total, series: t}}\n"
                                                        "  c: {name: C, kind: output, unit: count, better: up, measure: {how: sum, of: [a, b]}}", "c"),
    ("others do not",                                   "  b: {name: B, kind: output, unit: count, better: up, measure: {how: total, series: t}}", ""),
]
# fmt: on


@pytest.mark.parametrize(("more", "advice"), [c[1:] for c in WORKED_OUT], ids=[c[0] for c in WORKED_OUT])
def test_what_others_tell_of_it_is_advised(more, advice):
    secret = "  a: {name: A, kind: output, unit: count, better: up, confidential: true, measure: {how: total, series: s}}"
    known = parse({"w.yaml": f"company: {{name: X}}\n{PEOPLE}\nmetrics:\n{secret}\n{more}\n"})
    told = [f.message for f in lint(known) if f.code == "worked_out"]
    assert len(told) == bool(advice)
    assert not advice or f"from {advice}." in told[0]


# fmt: off
TYPED = [
    "' OR 1=1 --", "x'; DROP TABLE journal_fact; --", "../../etc/passwd", "%00", "a" * 10_000,
    "<img src=x onerror=alert(1)>", "{{7*7}}", "2026-05-09' UNION SELECT 1", "\u202eabc",
]
# fmt: on


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_what_is_typed_as_an_id_reaches_no_statement(house, typed):
    """Ids are held against what is declared; what goes on into SQL is bound."""
    for ask in (
        house.metric,
        house.history,
        house.provenance,
        house.restatements,
        lambda name: house.deck(deck=name),
        lambda name: house.evidence.pair(name, "orders"),
        lambda name: house.drivers.dimensions(name),
        lambda name: house.sliced({name: name}),
        lambda name: house.loop.saying.answer(name, "routine", "x", by="ada"),
    ):
        with pytest.raises(MetricsError):
            ask(typed)
    assert house.journal.facts(subject=typed) == ()
    assert house.loop.history(typed[:200]) == ()
    assert house.journal.verify().ok


@pytest.mark.parametrize("page", ["review", "metric", "goals", "owners", "correlations"])
def test_what_is_typed_in_an_address_gives_the_default(folder, monkeypatch, page):
    monkeypatch.setenv("WBR_WORKSPACE", str(folder))
    app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=30)
    if page != "review":
        app.run()
        app.switch_page(str(ROOT / "pages" / f"{page}.py"))
    for name in ("week", "deck", "metric", "as", "view", "driver", "driven", "goal", "present", "segment"):
        app.query_params[name] = TYPED[5]
    app.run()
    assert not app.exception
    said = "".join(json.loads(one.proto.json)["html"] for one in app.get("bidi_component"))
    assert "<img src=x" not in said + "".join(one.value for one in app.html)
