"""The command line as a person meets it: what it prints, where, and how it ends."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from metrics.cli import main

ROOT = Path(__file__).resolve().parents[1]


def in_a_process(*words, cwd):
    """Run `wbr` in a process of its own: (exit code, stdout, stderr)."""
    ran = subprocess.run(
        [sys.executable, "-m", "metrics.cli", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return ran.returncode, ran.stdout, ran.stderr


def wbr(*words, cwd, **environment):
    """Run `wbr` in this process, which saves two seconds a command: (exit code, stdout, stderr)."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.chdir(cwd)
        patched.setattr("sys.stdin", TextIOWrapper(BytesIO()))
        for name, value in environment.items():
            patched.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words)])
    told = (each.buffer.getvalue().decode() for each in (out, err))
    return ended.value.code or 0, *told


@pytest.fixture(scope="module")
def wrenfield(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "wrenfield"
    code, out, err = in_a_process("demo", folder, "--no-serve", cwd=folder.parent)
    assert (code, err) == (0, "")
    assert "Wrenfield is loaded" in out
    return folder


def test_the_demo_deck_has_its_blocks_and_its_week(wrenfield):
    code, out, err = wbr("deck", "--format", "json", cwd=wrenfield)
    deck = json.loads(out)
    assert (code, err, deck["schema"], deck["week_ending"]) == (0, "", "sixtwelve.deck/1", "2026-05-09")
    shown = {b["metric"] for b in deck["blocks"] if b["kind"] in ("six_twelve", "exceptions", "table")}
    assert len(shown - {None}) == 52  # 56 less two retired and two without owner.
    incomplete = next(b for b in deck["blocks"] if b["metric"] == "detail_page_views")
    assert incomplete["series"][0]["weeks_state"] == ["complete"] * 3 + ["partial"] + ["complete"] * 2
    assert incomplete["series"][0]["weeks"][3] is None
    assert incomplete["box"][0]["qtd"] is None
    immature = next(b for b in deck["blocks"] if b["metric"] == "return_rate")
    assert immature["series"][0]["weeks_state"] == ["complete"] + ["immature"] * 5
    assert immature["box"][0]["last_week"] is None


def test_easter_is_compared_with_easter(wrenfield):
    deck = json.loads(wbr("deck", "--week", "2026-05-09", "--format", "json", cwd=wrenfield)[1])
    sessions = next(b for b in deck["blocks"] if b["metric"] == "sessions" and b["kind"] == "six_twelve")
    line = sessions["series"][0]
    assert line["compared_with"] == [
        "2025-04-19", "2025-04-12", "2025-04-05", "2025-04-26", "2025-05-03", "2025-05-10",
    ]  # fmt: skip
    assert line["paired_by"] == ["Easter", None, "Easter", None, None, None]
    growth = [n / e - 1 for n, e in zip(line["weeks"], line["weeks_year_earlier"], strict=True)]
    assert growth[0] == pytest.approx(0.107, abs=0.001)
    assert growth[2] == pytest.approx(0.096, abs=0.001)


def test_what_was_known_then_differs_from_what_is_known_now(wrenfield):
    def gmv(*more):
        deck = json.loads(wbr("deck", "--week", "2026-04-18", *more, cwd=wrenfield)[1])
        block = next(b for b in deck["blocks"] if b["metric"] == "gmv" and b["kind"] == "six_twelve")
        return block["series"][0]["weeks"][-1]

    assert gmv("--as-of", "2026-04-20") < gmv()


# fmt: off
EMPTY = [
    # it shows that …                       asked for                    said on stderr
    ("nothing was known then",              ("--as-of", "1999-01-01"),   "has no number: none was known at 1999-01-01 23:59. The numbers that are known today go from "),
    ("the week is before the numbers",      ("--week", "1999-01-02"),    "The deck of the week ending 1999-01-02 has no number. The numbers that are known today go from "),
    ("the week is after them",              ("--week", "2035-01-06"),    "The deck of the week ending 2035-01-06 has no number. The numbers that are known today go from "),
]
# fmt: on


@pytest.mark.parametrize(("asked", "said"), [c[1:] for c in EMPTY], ids=[c[0] for c in EMPTY])
def test_a_deck_without_a_number_says_so(wrenfield, asked, said):
    code, _, err = wbr("deck", *asked, "--format", "csv", cwd=wrenfield)
    assert code == 0
    assert said in err
    assert len(err.splitlines()) == 1
    assert wbr("deck", "--format", "csv", cwd=wrenfield)[2] == ""


def test_loading_twice_changes_nothing_and_says_so(wrenfield):
    code, out, err = wbr("load", cwd=wrenfield)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == [
        "source",
        "kept",
        "unchanged",
        "restated",
        "refused",
        "rows",
        "last",
        "day",
    ]
    assert out.splitlines()[-1] == "Nothing changed."
    document = json.loads(wbr("load", "shop", "--format", "json", cwd=wrenfield)[1])
    assert document["load"] is None
    assert [s["source"] for s in document["sources"]] == ["shop"]


def test_the_html_deck_is_one_file_that_names_nothing_outside(wrenfield, tmp_path):
    code, out, _ = wbr("deck", "--format", "html", "--output", tmp_path / "deck.html", cwd=wrenfield)
    page = (tmp_path / "deck.html").read_text(encoding="utf-8")
    assert (code, out) == (0, "")
    assert page.count("<article") >= 52
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_check_prints_one_document(wrenfield):
    code, out, err = wbr("check", "--format", "json", cwd=wrenfield)
    document = json.loads(out)
    assert (code, err, document["metrics"], document["mistakes"]) == (0, "", 56, [])
    assert {a["code"] for a in document["advice"]} >= {"no_owner", "no_guardrail"}


def test_the_schema_is_one_document(tmp_path):
    code, out, _ = wbr("check", "--schema", cwd=tmp_path)
    assert code == 0
    assert "metrics" in json.loads(out)["properties"]


# fmt: off
REFUSALS = [
    # it shows that …                              command                                           code  said on stderr
    ("a week must end a week",                     ("deck", "--week", "2026-05-08"),                 1, ["Friday", "2026-05-09"]),
    ("a week is a date",                           ("deck", "--week", "yesterday"),                  2, ["yesterday", "2026-05-09"]),
    ("an unknown deck is named with a hint",       ("deck", "--deck", "compan"),                     1, ["Did you mean 'company'"]),
    ("an unknown source is named with a hint",     ("load", "shpo"),                                 1, ["Did you mean 'shop'"]),
    ("an unknown load cannot be undone",           ("undo", "999"),                                  1, ["999"]),
    ("a moment is a time",                         ("deck", "--as-of", "soon"),                      2, ["soon"]),
    ("a folder without YAML is no workspace",      ("check", "--workspace", "series"),               1, ["wbr init"]),
    ("a file nobody declares needs a source",      ("load", "company.yaml"),                         1, ["--source"]),
    ("a new workspace does not overwrite",         ("init", "."),                                    1, ["nothing was written"]),
    ("a deck needs a folder to go to",             ("deck", "--output", "nowhere/deck.pdf"),         1, ["nowhere/deck.pdf cannot be read or written: no such"]),
    ("who decides is asked for",                   ("week", "--to", "built"),                        1, ["'nobody.here' is not among people", "--by HANDLE"]),
    ("a missing file is named",                    ("init", "new", "--from", "nothing.csv"),         1, ["nothing.csv"]),
]
# fmt: on


@pytest.mark.parametrize(("command", "code", "said"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_a_refusal_says_what_where_and_what_to_do(wrenfield, command, code, said):
    ended, out, err = wbr(*command, cwd=wrenfield, USER="nobody.here")
    assert (ended, out) == (code, "")
    assert [s for s in said if s not in err] == []
    assert "Traceback" not in err


def test_the_name_of_the_file_says_the_form(wrenfield, tmp_path):
    for name, begins in [("deck.PDF", b"%PDF"), ("deck", b"{")]:
        code, _, err = wbr("deck", "--deck", "fulfilment", "--output", tmp_path / name, cwd=wrenfield)
        assert (code, (tmp_path / name).read_bytes()[: len(begins)]) == (0, begins), err
    asked = ("deck", "--format", "json", "--output", tmp_path / "asked.pdf")
    assert wbr(*asked, cwd=wrenfield)[0] == 0
    assert (tmp_path / "asked.pdf").read_bytes().startswith(b"{")


def test_a_workspace_of_nothing_but_a_name_is_told_what_it_lacks(tmp_path):
    (tmp_path / "w.yaml").write_text("company: {name: Nix}\n")
    code, out, err = wbr("prepare", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "0 of 0 sources loaded" in out
    code, _, err = wbr("changes", cwd=tmp_path)
    assert (code, err) == (1, "No deck is declared. Add `decks:` to a YAML file of the workspace.\n")


def test_a_bad_cell_is_refused_and_the_rest_may_be_kept(tmp_path):
    (tmp_path / "sales.csv").write_text("day,orders\n2026-01-04,5\n2026-01-05,6\n", encoding="utf-8")
    assert wbr("init", "ws", "--from", "sales.csv", cwd=tmp_path)[0] == 0
    folder = tmp_path / "ws"
    (folder / "sales.csv").write_text(
        "day,orders\n2026-01-04,5\n2026-01-05,8\n2026-01-06,many\n", encoding="utf-8"
    )
    code, out, err = wbr("load", cwd=folder)
    assert (code, out) == (1, "")
    assert all(part in err for part in ("sales.csv", "line 4", "orders", "many"))
    report = json.loads(wbr("load", "--keep-good", "--format", "json", cwd=folder)[1])
    assert {k: report["sources"][0][k] for k in ("kept", "unchanged", "restated", "refused")} == {
        "kept": 0, "unchanged": 1, "restated": 1, "refused": 1,
    }  # fmt: skip
    undone = json.loads(wbr("undo", report["load"], "--format", "json", cwd=folder)[1])
    assert undone["undoes"] == report["load"]
    code, _, err = wbr("undo", report["load"], cwd=folder)
    assert code == 1
    assert "already" in err


def test_at_a_terminal_undo_says_what_it_takes_back_and_asks(tmp_path):
    import os
    import pty

    def answered(answer, *words):
        """Run `wbr` with a terminal to answer at: (exit code, stderr)."""
        ours, theirs = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        ran = subprocess.run(
            [sys.executable, "-m", "metrics.cli", *words],
            cwd=tmp_path / "ws", stdin=theirs, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        os.close(ours)
        os.close(theirs)
        return ran.returncode, ran.stderr

    (tmp_path / "sales.csv").write_text("day,orders\n2026-01-04,5\n2026-01-05,6\n", encoding="utf-8")
    assert wbr("init", "ws", "--from", "sales.csv", cwd=tmp_path)[0] == 0
    code, said = answered("n", "undo", "1")
    assert code == 1
    assert "told sales: 2 values kept, 0 restated. What stood before it stands again" in said
    assert answered("y", "undo", "1")[0] == 0
    assert answered("", "undo", "1")[0] == 1, "it was undone already: nothing is asked"
    assert wbr("load", cwd=tmp_path / "ws")[0] == 0
    assert answered("", "undo", "3", "--yes") == (0, "")


SANE = {
    "commas.csv": "Date,Orders,Conversion %\n" + "".join(
        f"{d:02d}-Jan-2026,\"{1000 + d}\",{2 + d / 100:.2f}%\n" for d in range(1, 31)
    ),
    "german.csv": "Datum;Umsatz;Besuche\n" + "".join(
        f"{d:02d}.01.2026;1.{d:03d},50;{d}\n" for d in range(1, 31)
    ),
    "long.csv": "day,metric,value\n" + "".join(
        f"2026-01-{d:02d},{m},{d}\n" for d in range(1, 31) for m in ("orders", "visits")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SANE))
def test_any_sane_file_ends_in_a_working_deck(tmp_path, name):
    (tmp_path / name).write_text(SANE[name], encoding="utf-8")
    code, _, err = wbr("init", "my-wbr", "--from", name, cwd=tmp_path)
    assert (code, err) == (0, ""), err
    deck = json.loads(wbr("deck", cwd=tmp_path / "my-wbr")[1])
    charts = [b for b in deck["blocks"] if b["kind"] == "six_twelve"]
    assert len(charts) == 2
    assert all(block["box"][0]["last_week"] is not None for block in charts)


def test_the_workspace_comes_from_the_option_the_folder_or_the_environment(wrenfield, tmp_path):
    asked = ("check", "--format", "json")
    answers = {
        json.loads(wbr(*asked, "--workspace", wrenfield, cwd=tmp_path)[1])["metrics"],
        json.loads(wbr(*asked, cwd=wrenfield)[1])["metrics"],
        json.loads(wbr(*asked, cwd=tmp_path, WBR_WORKSPACE=str(wrenfield))[1])["metrics"],
    }
    assert answers == {56}


def test_wrong_usage_ends_with_two(tmp_path):
    assert wbr("deck", "--form", cwd=tmp_path)[0] == 2
    assert wbr("nonsense", cwd=tmp_path)[0] == 2


def test_the_signals_of_the_demo_are_one_row_per_metric(wrenfield):
    code, out, err = wbr("signals", "--week", "2026-05-09", "--format", "json", cwd=wrenfield)
    told = json.loads(out)
    rows = {row["metric"]: row for row in told["rows"]}
    assert (code, err, told["week_ending"], len(rows)) == (0, "", "2026-05-09", len(told["rows"]))
    failed = rows["failed_checkouts"]
    assert (failed["tier"], failed["reasons"], failed["favourable"]) == ("exception", ["above_range"], False)
    assert failed["low"] < failed["expected"] < failed["high"] < failed["value"]
    assert failed["sentence"].startswith("Higher than expected: 2.90%, expected ")
    assert (rows["return_rate"]["tier"], rows["return_rate"]["z"]) == ("cannot_judge", None)
    assert rows["payment_authorisation"]["tier"] == "none"  # Always below its floor, never a signal.
    assert {"new_detail_pages", "free_cash_flow"}.isdisjoint(rows)  # Retired; told once a month.


def test_signals_in_words_start_with_the_count(wrenfield):
    code, out, err = wbr("signals", cwd=wrenfield)
    assert (code, err) == (0, "")
    assert out.startswith("Week ending 2026-05-09\n\n")
    assert "expected by chance\n- Checkout attempts that fail: Higher than expected: 2.90%" in out


def test_the_payment_incident_is_one_story_that_does_not_claim_all(wrenfield):
    deck = json.loads(wbr("deck", "--format", "json", cwd=wrenfield)[1])
    [story] = [group for group in deck["groups"] if group["lead"]["metric"] == "failed_checkouts"]
    assert {one["metric"] for one in story["others"]} == {"conversion", "orders", "gmv"}
    assert "fast_track_in_stock" in {one["metric"] for one in story["behind"]}
    assert "none of them is claimed to explain all of it" in story["caution"]
    blocks = {b["metric"]: b for b in deck["blocks"] if b["kind"] == "six_twelve"}
    assert blocks["payment_authorisation"]["on_target"] == "The process cannot do this. Change the process."
    in_stock = blocks["views_in_stock"]
    if in_stock["signal"]["tier"] == "exception":  # A gift of the seed, not an event.
        assert [(b["metric"], b["lag_weeks"]) for b in in_stock["behind"]] == [("forecast_accuracy", 4)]


def test_preparing_twice_finds_all_done(wrenfield):
    code, out, err = wbr("prepare", "--weeks", "1", "--gate", "none", cwd=wrenfield)
    assert (code, err, out.splitlines()[0]) == (0, "", "Wrenfield, week ending Sat 09 May 2026")
    again = json.loads(wbr("prepare", "--weeks", "1", "--gate", "none", "--format", "json", cwd=wrenfield)[1])
    assert (again["weeks"], again["judged"], again["made"], again["ready"]) == (1, 0, 0, True)
    assert list((wrenfield / "prepared").glob("signals-*.npz"))
