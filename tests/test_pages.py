"""Every page opens on a good week, explains a bad day, and says how to load an empty store."""

import json
import re
import socket
import tomllib
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics import open_workspace, text
from metrics.draw import style
from metrics.errors import MetricsError
from metrics.ui import serve
from tests.browser import DEFINITIONS, ROOT, a_shop
from tests.odd import an_odd_shop

PAGES = ("review", "metric", "goals", "owners", "flywheel", "correlations", "sources")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch):
    """Opens a page of a workspace by its address, through the door."""

    def opened(folder: Path, page: str = "review", **address: str) -> AppTest:
        monkeypatch.setenv("WBR_WORKSPACE", str(folder))
        app = AppTest.from_file(str(ROOT / "metrics" / "ui" / "entry.py"), default_timeout=30)
        app.run()
        for name, value in address.items():
            app.query_params[name] = value
        if page != "review":
            app.switch_page(str(ROOT / "pages" / f"{page}.py"))
        app.run()
        assert not app.exception
        return app

    return opened


def markup(app: AppTest) -> str:
    """All that the sheets of a page hold."""
    return "\n".join(json.loads(one.proto.json)["html"] for one in app.get("bidi_component"))


def told(app: AppTest) -> list[str]:
    """The notices of a page, without the signs that keep them from being read as Markdown."""
    return [str(one.value).replace("\\", "") for one in (*app.info, *app.warning)]


def trouble(app: AppTest) -> str:
    """What stands on a page in place of its content."""
    return "\n".join(unescape(one.value) for one in app.html if "wu-trouble" in one.value)


# --- review ----------------------------------------------------------------------------------


def test_the_review_holds_page_0_and_every_block(opened, shop):
    shown = markup(opened(shop))
    assert "Week 18, ending Saturday 2 May 2026" in shown
    assert shown.count("<article") == 5
    assert "Conversion &lt;b&gt;&amp;" in shown
    assert "Conversion <b>" not in shown


# fmt: off
ADDRESSES = [
    # it shows that …                                  address                     notice                                                                  week shown
    ("a week is named by its last day",                {"week": "2026-04-25"},     None,                                                                   "25 April 2026"),
    ("a day within a week opens that week",            {"week": "2026-04-23"},     "No week ends on Thu 23 Apr 2026. Showing the week that holds it.",     "25 April 2026"),
    ("a week before the first number has no deck",     {"week": "1999-01-02"},     "There is no deck of Sat 2 Jan 1999. Showing the newest week.",         "2 May 2026"),
    ("a week after the newest has no deck",            {"week": "2026-05-09"},     "There is no deck of Sat 9 May 2026. Showing the newest week.",         "2 May 2026"),
    ("the last day there is has no deck",              {"week": "9999-12-31"},     "There is no deck of Fri 31 Dec 9999. Showing the newest week.",        "2 May 2026"),
    ("words are no date",                              {"week": "![x](http://y)"}, "“![x](http://y)” is not a date. Showing the newest week.",             "2 May 2026"),
    ("a very long value is cut",                       {"week": "1" * 10_000},     f"“{'1' * 60}…” is not a date. Showing the newest week.",               "2 May 2026"),
    ("a misspelt deck is answered with its neighbour", {"deck": "compani"},        "There is no deck “compani”. Did you mean 'company'?",                  "2 May 2026"),
]
# fmt: on


@pytest.mark.parametrize(
    ("address", "notice", "week"), [case[1:] for case in ADDRESSES], ids=[case[0] for case in ADDRESSES]
)
def test_an_address(opened, shop, address, notice, week):
    app = opened(shop, **address)
    assert told(app) == ([notice] if notice else [])
    assert week in markup(app)


def test_the_week_chosen_goes_into_the_address_and_along_to_the_next_page(opened, shop):
    app = opened(shop)
    app.button(key="step Week before").click().run()
    assert app.query_params["week"] == "2026-04-25"
    assert "Saturday 25 April 2026" in markup(app)
    app.selectbox(key="week").select(date(2026, 4, 18)).run()
    assert app.query_params["week"] == "2026-04-18"
    assert "Saturday 18 April 2026" in markup(app)


def test_what_another_process_loads_is_seen_on_the_next_run(opened, tmp_path):
    app = opened(a_shop(tmp_path / "shop"))
    before = markup(app)
    lines = (tmp_path / "shop" / "shop.csv").read_text(encoding="utf-8").splitlines()
    lines[-1] = "2026-05-02,300,99,9999"
    (tmp_path / "shop" / "shop.csv").write_text("\n".join(lines), encoding="utf-8")
    open_workspace(tmp_path / "shop").load(by="test")
    app.run()
    assert markup(app) != before
    assert "Corrected since first told" in markup(app)


# --- a workspace in a bad state ------------------------------------------------------------------


@pytest.mark.parametrize("page", ["review", "metric"])
def test_an_empty_store_says_how_to_load_it(opened, tmp_path, page):
    app = opened(a_shop(tmp_path / "shop", loaded=False), page)
    assert "Corner Shop has no numbers yet" in trouble(app)
    assert "<code>wbr load</code>" in trouble(app)


@pytest.mark.parametrize("page", PAGES)
def test_broken_definitions_are_told_all_at_once_with_their_lines(opened, tmp_path, page):
    folder = a_shop(tmp_path / "shop", loaded=False)
    broken = DEFINITIONS.replace("kind: input", "kind: imput").replace("driven: orders", "driven: order")
    (folder / "workspace.yaml").write_text(broken, encoding="utf-8")
    said = trouble(opened(folder, page))
    assert "The definitions need mending" in said
    assert "workspace.yaml, line 1" in said
    assert said.count("workspace.yaml") >= 2
    assert "Did you mean 'orders'?" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_store_is_told_in_words(opened, tmp_path, page):
    folder = a_shop(tmp_path / "shop")
    for generation in (folder / "store").glob("*.duckdb"):
        generation.write_bytes(b"not a database" * 500)
    said = trouble(opened(folder, page))
    assert "The store cannot be read" in said
    assert "Traceback" not in said


def test_a_folder_that_is_no_workspace_is_told_in_words(opened, tmp_path):
    assert "is not a workspace: it has no YAML file" in trouble(opened(tmp_path))


# --- metric --------------------------------------------------------------------------------------


def test_a_metric_is_explained_in_words(opened, shop):
    app = opened(shop, "metric", metric="conversion")
    shown = markup(app)
    for words in (
        "Output: it follows from the inputs",
        "Ben Roe",
        "Orders ÷ visits, total ÷ total",
        "A share, in percent; higher is better",
        "What I came for was there",
        "Never below 20.0%",
        "Count only those who look likely to buy",
        "shop: shop.csv",
    ):
        assert words in shown
    assert len(app.get("vega_lite_chart")) == 2
    app.segmented_control(key="grain").set_value("day").run()
    assert not app.exception


def test_the_beliefs_about_a_metric_are_sentences(opened, shop):
    shown = unescape(re.sub("<[^>]+>", "", markup(opened(shop, "metric", metric="orders"))))
    assert "Visits raises Orders within 1 week, because who comes in may buy." in shown


def test_without_a_metric_all_of_them_are_offered(opened, shop):
    assert markup(opened(shop, "metric")).count('class="w-link"') == 4


def test_a_misspelt_metric_is_answered_with_its_neighbour(opened, shop):
    app = opened(shop, "metric", metric="conversio")
    assert told(app) == ["There is no metric “conversio”. Did you mean 'conversion'?"]


# --- signals on the metric page ------------------------------------------------------------------


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_odd_shop(tmp_path_factory.mktemp("odd") / "shop")


def signal_words(app: AppTest) -> str:
    """All that is said about signals, as plain words."""
    return unescape(
        re.sub("<[^>]+>", "", "\n".join(str(one.value) for one in app.html if "wu-" in one.value))
    )


def signal_charts(app: AppTest) -> list[str]:
    """Which signal charts are drawn, by what is said of them to those who do not see them."""
    told = (re.search("expected range|classic chart", one.proto.alt) for one in app.get("vega_lite_chart"))
    return [found.group() for found in told if found]


# fmt: off
ODD = [
    # metric     what its page says                                                          charts
    ("steady",  "How it is judged: Steady level; remembers nothing of last week.",           ["expected range"]),
    ("steady",  "Left out, week ending Sat 10 Jan 2026: Fair. Declared in the definitions.", ["expected range"]),
    ("three",   "Cannot be judged yet: only 2 weeks of history before it, 6 needed.",        ["expected range"]),
    ("zero",    "No week was an exception or a watch.",                                      ["expected range"]),
    ("same",    "it has never varied, or one week dwarfs all others.",                  ["expected range"]),
    ("never",   "Cannot be judged: it has no value this week.",                              []),
    ("leap",    "So far from all others that the limits are spoiled: Sat 18 Oct 2025.",      ["expected range"]),
    ("late",    "Limits are learned anew each week; 26 weeks and eight newer ones lock them.", ["expected range"]),
    ("debt",    "Differences are judged, not ratios, because a value was not positive.",     ["expected range"]),
    ("stock",   "It is a stock: its change on the week before is judged, not its level.",    ["expected range"]),
    ("few",     "It counts few events: four weeks are judged together, by their mean.",      ["expected range"]),
    ("monthly", "It is told by the month, and limits need weeks: no week of it is judged.",  []),
    ("gone",    "It is retired: no week of it is judged.",                                   []),
]
# fmt: on


@pytest.mark.parametrize(
    ("metric", "says", "charts"), ODD, ids=[f"{metric}: {says[:40]}" for metric, says, _ in ODD]
)
def test_a_metric_that_is_awkward_to_judge_gets_a_sentence(opened, odd, metric, says, charts):
    app = opened(odd, "metric", metric=metric)
    assert says in signal_words(app)
    assert signal_charts(app) == charts
    if charts:
        app.segmented_control(key="limits view").set_value("classic").run()
        assert not app.exception
        assert signal_charts(app) == ["classic chart"]


def test_every_flagged_week_has_its_reason(opened, odd):
    app = opened(odd, "metric", metric="moved")
    said = signal_words(app)
    flagged = [one for one, _ in open_workspace(odd).limits.told("moved") if one.marked]
    assert len(flagged) > 8
    for one in flagged:
        good = "favourable" if one.favourable else "unfavourable"
        assert f"{text.day(one.week_ending)}{one.tier.capitalize()}{good}" in said


def test_who_has_not_said_who_they_are_may_not_declare(opened, odd):
    app = opened(odd, "metric", metric="moved")
    assert "Say who you are first" in signal_words(app)
    assert app.button(key="prefill moved").disabled
    app = opened(odd, "metric", **{"metric": "moved", "as": "ada"})
    assert "Ada Moss may not declare a divider" in signal_words(app)
    assert app.button(key="prefill moved").disabled


def test_a_divider_is_proposed_declared_and_ended_on_the_page(opened, tmp_path):
    folder = an_odd_shop(tmp_path / "shop")
    app = opened(folder, "metric", **{"metric": "moved", "as": "yuki"})
    assert "A divider could be declared" in signal_words(app)
    assert "Since the week ending Sat 7 Feb 2026 there were" in signal_words(app)
    app.button(key="prefill moved").click().run()
    app.button(key="declare moved").click().run()
    assert "The cause is missing" in trouble(app)

    app.text_area(key="limits cause of moved").input("A second shift started").run()
    app = opened(
        folder, "metric", **{"metric": "moved", "as": "yuki"}
    )  # Another visit: the words are still there.
    assert app.text_area(key="limits cause of moved").value == "A second shift started"
    app.button(key="declare moved").click().run()
    assert not app.exception
    said = signal_words(app)
    assert "A divider is declared: week ending Sat 7 Feb 2026." in said
    assert (
        "Divider, week ending Sat 7 Feb 2026: A second shift started Yuki Mori, Tue 12 May 2026, 07:00."
        in said
    )
    assert "A divider could be declared" not in said
    assert app.text_area(key="limits cause of moved").value == ""

    app.text_area(key="why 1").input("It was given up").run()
    app.button(key="surely 1").click().run()
    said = signal_words(app)
    assert "The divider is ended: week ending Sat 7 Feb 2026. It stays on record." in said
    assert "Ended by Yuki Mori, Tue 12 May 2026, 07:00: It was given up" in said
    assert "A divider could be declared" in said


def test_a_week_is_left_out_on_the_page(opened, tmp_path):
    folder = an_odd_shop(tmp_path / "shop")
    app = opened(folder, "metric", **{"metric": "leap", "as": "yuki"})
    app.segmented_control(key="limits act of leap").set_value("exclusion").run()
    app.selectbox(key="limits week of leap").select(date(2025, 10, 18)).run()
    app.text_area(key="limits cause of leap").input("A test <b>order</b>").run()
    app.button(key="declare leap").click().run()
    assert not app.exception
    shown = "\n".join(one.value for one in app.html)
    assert "A test &lt;b&gt;order&lt;/b&gt;" in shown
    assert "A test <b>" not in shown
    assert "So far from all others" not in shown


# --- sources -------------------------------------------------------------------------------------


def test_the_sources_say_how_fresh_they_are(opened, shop):
    shown = markup(opened(shop, "sources", **{"as": "cy"}))
    assert "1 fresh" in shown
    assert "Sat 2 May 2026" in shown
    assert "Tue 5 May 2026, 07:00" in shown


def test_an_empty_store_is_loaded_on_the_page(opened, tmp_path):
    app = opened(a_shop(tmp_path / "shop", loaded=False), "sources", **{"as": "cy"})
    assert "never loaded" in markup(app)
    app.button(key="load").click().run()
    assert not app.exception
    assert "1 fresh" in markup(app)
    assert any("Load 1:" in one.value for one in app.html)


def test_a_load_is_taken_back_on_the_page_in_two_steps(opened, tmp_path):
    folder = a_shop(tmp_path / "shop")
    lines = (folder / "shop.csv").read_text(encoding="utf-8").splitlines()
    (folder / "shop.csv").write_text("\n".join([*lines[:-1], "2026-05-02,300,99,9999"]), encoding="utf-8")
    app = opened(folder, "sources", **{"as": "cy"})
    app.button(key="load").click().run()
    assert any("<strong>Load 2:</strong>" in one.value and "3 restated" in one.value for one in app.html)
    app.button(key="take back").click().run()
    assert told(app) == ["Load 2 will be taken back. The deck shows what was known before it."]
    app.button(key="keep").click().run()
    assert told(app) == []
    app.button(key="take back").click().run()
    app.button(key="take back surely").click().run()
    assert not app.exception
    assert any("Load 2 was taken back, as load 3" in one.value for one in app.html)


def test_a_refused_cell_is_listed_before_anything_is_loaded(opened, tmp_path):
    app = opened(a_shop(tmp_path / "shop"), "sources", **{"as": "cy"})
    app.file_uploader[0].upload(
        "more.csv", b"day,visits,orders,revenue\n2026-05-03,1O0,20,600\n2026-05-04,90,18,500\n"
    )
    app.run()
    assert not app.exception
    [cell] = app.dataframe[0].value.to_dict("records")
    assert (cell["file"], cell["line"], cell["column"], cell["cell"]) == ("more.csv", 2, "visits", "1O0")
    assert app.button(key="load upload").label == "Load the good rows"
    app.button(key="load upload").click().run()
    assert not app.exception
    assert any("Load 2:" in one.value and "1 refused" in one.value for one in app.html)


def test_a_file_that_cannot_be_read_is_told_in_words(opened, shop):
    app = opened(shop, "sources", **{"as": "cy"})
    app.file_uploader[0].upload("odd.csv", b"\x00\x01\x02")
    app.run()
    assert "The file cannot be read" in trouble(app)


# --- the door and the looks ----------------------------------------------------------------------


def test_the_door_opens_the_review(monkeypatch, shop):
    monkeypatch.setenv("WBR_WORKSPACE", str(shop))
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=30).run()
    assert not app.exception
    assert "Week 18, ending Saturday 2 May 2026" in markup(app)


def test_a_taken_port_is_told_in_words():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(MetricsError, match=rf"Port {port} on 127.0.0.1 is taken .* --port {port + 1}"):
            serve(ROOT, port=port)


def test_the_settings_have_the_colours_of_the_deck():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for name, palette in (("light", style.LIGHT), ("dark", style.DARK)):
        theme = settings["theme"][name]
        assert theme["backgroundColor"] == palette["page"]
        assert theme["secondaryBackgroundColor"] == palette["raised"]
        assert theme["textColor"] == palette["ink"]
        assert theme["primaryColor"] == palette["now"]
        assert theme["borderColor"] == palette["hair"]
        assert theme["chartCategoricalColors"][:3] == [palette["now"], palette["before"], palette["target"]]
    assert settings["theme"]["font"] == style.FONT.replace('"', "")
