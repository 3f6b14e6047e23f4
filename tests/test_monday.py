"""Monday at seven: everything prepared at once, said on one page, by a timer in the company's time."""

import fcntl
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from metrics import open_workspace
from metrics.cli import app
from metrics.errors import DefinitionError, StoreError, UnknownNameError
from metrics.reviews.readiness import Finding, Readiness, gates, page
from tests.mondays import a_company
from tests.test_loop import LAST_WEEK, WEEK, write

ROOT = Path(__file__).resolve().parents[1]
SCHEDULE = ROOT / "docs" / "schedule"
WBR = str(Path(sys.executable).with_name("wbr"))
FORMS = "prepare: {formats: [html, xlsx]}\n"


@pytest.fixture
def acme(tmp_path):
    """A company whose numbers lie there and are not loaded."""
    a_company(tmp_path)
    with (tmp_path / "acme.yaml").open("a", encoding="utf-8") as file:
        file.write(FORMS)
    return tmp_path


def prepared(folder, **more):
    """What a run finds, in a workspace opened for it."""
    workspace = open_workspace(folder)
    with workspace.preparing.alone(lambda words: None):
        return workspace.preparing.prepare(by="cron", **more)


def found(told):
    """What was found, by kind."""
    return [(finding.kind, finding.text) for finding in told.findings]


def owned(folder):
    """Give the one metric that nobody owns to somebody."""
    text = (folder / "acme.yaml").read_text()
    (folder / "acme.yaml").write_text(text.replace("owner: null", "owner: kate"))


def test_one_run_does_all_and_the_next_finds_all_done(acme):
    first = prepared(acme)
    assert found(first) == [("no_owner", "Visits stays out of the deck: nobody owns it")]
    assert (first.ready, first.closed) == (False, ("no_owner",))
    assert (first.week_ending, first.sources, first.loaded) == (WEEK, 2, 2)
    assert (first.weeks, first.judged, first.links, first.decks) == (6, 6, 1, ("company", "shop"))
    # The whole, dov who sees no orders, and june who does not either; each in two forms.
    assert first.made == len(set(first.files)) * 2 - 2
    assert set(first.files) == {f"{d}-2026-05-09.{f}" for d in ("company", "shop") for f in ("html", "xlsx")}
    version = open_workspace(acme).version
    second = prepared(acme)
    assert (second.kept, second.judged, second.forecasts, second.made) == (0, 0, 0, 0)
    assert found(second) == found(first)
    assert open_workspace(acme).version == version


def test_the_first_visitor_finds_what_was_made(acme):
    prepared(acme)
    workspace = open_workspace(acme)
    dov, kate = workspace.seen_by("dov"), workspace.seen_by("kate")
    files = {
        who: view.exporting.exported(WEEK, "html", "company").data for who, view in (("d", dov), ("k", kate))
    }
    assert (dov.exporting.ready.made, kate.exporting.ready.made) == (0, 0)
    assert b"Orders" in files["k"]
    assert b"Orders" not in files["d"]


def test_a_file_that_was_damaged_is_made_anew(acme):
    prepared(acme)
    for kept in (acme / "prepared").glob("deck-*.html"):
        kept.write_bytes(kept.read_bytes()[:-9])
    workspace = open_workspace(acme)
    assert workspace.exporting.exported(WEEK, "html").data.endswith(b"</html>\n")
    assert workspace.exporting.ready.made == 1


# fmt: off
BROKEN = [
    # what is amiss                       gate        found
    ("a file that is gone",               "refused",  "bank: "),
    ("a cell that is no number",          "refused",  "bank: 1 cell is refused"),
    ("days that are not there yet",       "late",     "Load shop: its numbers end on 2026-05-02"),
]
# fmt: on


@pytest.mark.parametrize("amiss, gate, words", BROKEN, ids=[b[0] for b in BROKEN])
def test_one_broken_source_does_not_stop_the_others(acme, amiss, gate, words):
    owned(acme)
    bank = acme / "bank.csv"
    lines = bank.read_text().splitlines()
    match amiss:
        case "a file that is gone":
            bank.unlink()
        case "a cell that is no number":
            bank.write_text("\n".join([*lines[:2], "2025-11-10,12x", *lines[3:]]) + "\n")
        case _:
            shop = (acme / "shop.csv").read_text().splitlines()
            kept = [line for line in shop if line[:10] <= "2026-05-02" or line.startswith("day")]
            (acme / "shop.csv").write_text("\n".join(kept) + "\n")
    told = prepared(acme)
    texts = [text for kind, text in found(told) if kind == gate]
    assert any(text.startswith(words) for text in texts), found(told)
    assert gate in told.closed
    assert told.decks == ("company", "shop")
    assert "shop" in list(open_workspace(acme).store.sources()["source"])


def test_a_source_that_the_store_refuses_does_not_keep_out_the_others(acme):
    owned(acme)
    prepared(acme)
    text = (acme / "acme.yaml").read_text()
    (acme / "acme.yaml").write_text(text.replace("{csv: bank.csv,", "{csv: bank.csv, grain: week,"))
    (acme / "bank.csv").write_text("day,orders\n2026-05-09,900\n")
    write_shop = (acme / "shop.csv").read_text().replace("2026-05-09,", "2026-05-09,1", 1)
    (acme / "shop.csv").write_text(write_shop)
    told = prepared(acme)
    (text,) = [text for kind, text in found(told) if kind == "refused"]
    assert text.startswith("bank: ")
    assert "week" in text
    assert told.restated == 1  # Of the shop.


def test_good_rows_are_loaded_when_asked_and_the_cells_are_told(acme):
    owned(acme)
    lines = (acme / "bank.csv").read_text().splitlines()
    (acme / "bank.csv").write_text("\n".join([*lines[:2], "2025-11-10,12x", *lines[3:]]) + "\n")
    told = prepared(acme, keep_good=True)
    assert ("refused", "bank: 1 refused cell; the good rows are loaded") in found(told)
    assert told.loaded == 2


def test_a_certified_number_that_changed_closes_a_gate_until_finance_looks(acme):
    owned(acme)
    assert prepared(acme).ready
    workspace = open_workspace(acme)
    workspace.loop.certifying.certify(["conversion"], by="fin", week_ending=LAST_WEEK)
    assert prepared(acme).ready
    write(acme, orders_on={LAST_WEEK: 1})
    told = prepared(acme)
    assert told.closed == ("certified_changed",)
    (text,) = [text for kind, text in found(told) if kind == "certified_changed"]
    assert re.fullmatch(
        r"Conversion, week ending 2026-05-02: It was certified on [\d-]+; the number has changed since", text
    )
    assert ("restated", "shop: 1 value told differently before") in found(told)
    workspace = open_workspace(acme)
    workspace.loop.certifying.certify(["conversion"], by="fin", week_ending=LAST_WEEK)
    assert prepared(acme).ready


def test_a_deck_that_cannot_be_built_is_told_and_the_other_is_built(acme):
    owned(acme)
    text = (acme / "acme.yaml").read_text()
    table = "{table: {csv: rivals.csv}, title: Rivals}"
    (acme / "acme.yaml").write_text(
        text.replace("blocks: [conversion, orders]", f"blocks: [conversion, {table}]")
    )
    (acme / "rivals.csv").write_text("item,us\nspade,9\n")
    assert prepared(acme).ready
    (acme / "rivals.csv").write_bytes(b"item,us\n\xff\xfe\x00,9\n")
    told = prepared(acme)
    assert told.closed == ("not_built",)
    assert told.decks == ("shop",)


# --- gates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, expected",
    [((), ("late", "refused")), (("none",), ()), (("no_owner", "late"), ("late", "no_owner"))],
)
def test_the_gates_that_count_are_those_named_or_those_declared(words, expected):
    assert gates(words, ("late", "refused")) == expected


def test_a_gate_that_does_not_exist_is_told():
    with pytest.raises(UnknownNameError, match=r"'lat' is no gate\. Did you mean 'late'"):
        gates(("lat",), ())


def test_a_workspace_declares_its_gates_and_their_names_are_checked(acme):
    text = (acme / "acme.yaml").read_text()
    (acme / "acme.yaml").write_text(text.replace("prepare: {", "prepare: {gates: [refused], weeks: 2, "))
    told = prepared(acme)
    assert (told.ready, told.weeks, told.gates) == (True, 2, ("refused",))
    (acme / "acme.yaml").write_text(text.replace("prepare: {", "prepare: {gates: [latte], "))
    with pytest.raises(DefinitionError, match=r"prepare\.gates"):
        open_workspace(acme)


def test_the_page_is_one_page_however_much_is_amiss():
    findings = [
        Finding(kind, f"thing {n}\nmore of it")
        for kind in ("late", "refused", "no_owner", "missing")
        for n in range(40)
    ]
    told = Readiness(
        "Acme", WEEK, datetime(2026, 5, 11, 7, tzinfo=ZoneInfo("America/New_York")), "America/New_York",
        13, 12, 7, 2, 6, 1, 9, 2, 25, ("company",), ("a.html",), 1, ("late", "missing_not"), tuple(findings),
    )  # fmt: skip
    lines = page(told).splitlines()
    assert lines[:2] == ["Acme, week ending Sat 09 May 2026", "Mon 11 May 2026 07:00 America/New_York"]
    assert len(lines) < 66
    assert "Late: 40 (gate closed)" in lines
    assert "Refused: 40" in lines
    assert "- and 32 more: --format json" in lines
    assert lines[-1] == "Not ready: late."


# --- twice at once ----------------------------------------------------------------------------


def test_who_comes_second_waits_and_finds_all_done(acme):
    told, results = [], []
    first, second = open_workspace(acme), open_workspace(acme)

    def late():
        with second.preparing.alone(told.append):
            results.append(second.preparing.prepare(by="second"))

    with first.preparing.alone(told.append):
        thread = threading.Thread(target=late)
        thread.start()
        until = time.monotonic() + 20
        while not told and time.monotonic() < until:
            time.sleep(0.02)
        done = first.preparing.prepare(by="first")
    thread.join(timeout=60)
    (sentence,) = told
    assert re.fullmatch(
        r"This workspace is being prepared already \(process \d+, since [\d:]+\); waiting for it\.", sentence
    )
    (again,) = results
    assert (done.judged, again.judged, again.made, again.kept) == (6, 0, 0, 0)


def test_who_does_not_wait_is_told_so(acme):
    (acme / "prepared").mkdir()
    with (acme / "prepared" / "prepare.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        workspace = open_workspace(acme)
        with (
            pytest.raises(StoreError, match="is being prepared already"),
            workspace.preparing.alone(lambda words: None, patience=0.0),
        ):
            pass
        told = CliRunner().invoke(app, ["prepare", "--no-wait", "--workspace", str(acme)])
    assert "is being prepared already" in str(told.exception)


def test_a_killed_run_leaves_no_lock(acme):
    run = subprocess.Popen(
        [WBR, "prepare", "--workspace", str(acme)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    lock = acme / "prepared" / "prepare.lock"
    while not (lock.is_file() and lock.read_text()) and run.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert run.poll() is None
    run.kill()
    run.communicate()
    assert prepared(acme).decks == ("company", "shop")


# --- the command ------------------------------------------------------------------------------


def test_the_command_says_it_on_a_page_and_exits_by_the_gates(acme):
    closed = CliRunner().invoke(app, ["prepare", "--workspace", str(acme)])
    assert closed.exit_code == 1
    assert "Without an owner: 1 (gate closed)" in closed.stdout
    assert closed.stderr == ""
    open_ = CliRunner().invoke(
        app, ["prepare", "--gate", "none", "--format", "json", "--workspace", str(acme)]
    )
    told = json.loads(open_.stdout)
    assert (open_.exit_code, told["ready"], told["judged"], told["week_ending"]) == (0, True, 0, "2026-05-09")
    assert told["findings"] == [{"kind": "no_owner", "text": "Visits stays out of the deck: nobody owns it"}]
    past = CliRunner().invoke(
        app, ["prepare", "--week", "2026-05-02", "--gate", "none", "--workspace", str(acme)]
    )
    assert (past.exit_code, past.stdout.splitlines()[0]) == (0, "Acme, week ending Sat 02 May 2026")


# --- timers -----------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")


def service(name):
    """The lines of a unit, by section."""
    found, section = {}, ""
    for line in (SCHEDULE / name).read_text().splitlines():
        if line.startswith("["):
            section = line
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(section, []).append((key, value))
    return found


def commands(text):
    """The commands of a line of shell: each with its options, which the command line must know."""
    return re.findall(r"wbr (\w+)((?: --[\w-]+)*)", text)


def test_every_timer_runs_commands_that_there_are():
    from typer.main import get_command

    known = get_command(app).commands
    for file in ("wbr-monday.service", "crontab", "cronjob.yaml"):
        text = "\n".join(
            line for line in (SCHEDULE / file).read_text().splitlines() if not line.lstrip().startswith("#")
        )
        told = commands(text)
        assert [name for name, _ in told] == ["prepare", "send"], file
        for name, options in told:
            assert set(options.split()) <= {o for p in known[name].params for o in p.opts}


def test_systemd_takes_the_units(tmp_path):
    (calendar,) = [v for k, v in service("wbr-monday.timer")["[Timer]"] if k == "OnCalendar"]
    assert calendar == "Mon *-*-* 07:00:00 America/New_York"
    assert dict(service("wbr-monday.service")["[Service]"])["Type"] == "oneshot"
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return  # A machine without systemd: what is above is all that can be said here.
    told = subprocess.run([analyze, "calendar", "--iterations=2", calendar], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    for name in ("wbr-monday.service", "wbr-monday.timer"):
        text = (SCHEDULE / name).read_text().replace("/srv/wbr/.venv/bin/wbr", "/bin/true")
        (tmp_path / name).write_text(text)
    told = subprocess.run(
        [analyze, "verify", "--recursive-errors=no", *map(str, sorted(tmp_path.glob("wbr-monday.*")))],
        capture_output=True,
        text=True,
    )
    assert [line for line in told.stderr.splitlines() if "wbr-monday" in line] == []


def test_cron_reads_the_line():
    lines = (SCHEDULE / "crontab").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    settings = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    (line,) = [line for line in lines if line not in settings]
    assert "CRON_TZ=America/New_York" in settings
    minute, hour, day, month, weekday, command = line.split(maxsplit=5)
    assert (minute, hour, day, month, weekday) == ("0", "7", "*", "*", "1")
    assert "%" not in command  # cron ends a command there.
    assert "prepare && " in command
    told = subprocess.run(["/bin/sh", "-n", "-c", command], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")


CRON_JOB = {
    # A part of the schema of batch/v1 CronJob: what there is, of which type, and what must be there.
    "apiVersion!": "batch/v1", "kind!": "CronJob", "metadata!": {"name!": str},
    "spec!": {
        "schedule!": str, "timeZone!": str, "startingDeadlineSeconds": int,
        "concurrencyPolicy": ("Allow", "Forbid", "Replace"),
        "jobTemplate!": {"spec!": {
            "backoffLimit": int, "activeDeadlineSeconds": int,
            "template!": {"spec!": {
                "restartPolicy!": ("Never", "OnFailure"),
                "securityContext": {"runAsNonRoot": bool, "runAsUser": int, "fsGroup": int},
                "containers!": [{
                    "name!": str, "image!": str, "command": [str],
                    "env": [{"name!": str, "value!": str}], "envFrom": [{"secretRef!": {"name!": str}}],
                    "securityContext": {"allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
                                        "capabilities": {"drop": [str]}},
                    "volumeMounts": [{"name!": str, "mountPath!": str}],
                }],
                "volumes": [{"name!": str, "persistentVolumeClaim": {"claimName!": str}, "emptyDir": {}}],
            }},
        }},
    },
}  # fmt: skip


def misfits(told, schema, place="cronjob"):
    """Where a document is not as a schema wants it."""
    if isinstance(schema, dict):
        names = {name.rstrip("!"): inside for name, inside in schema.items()}
        yield from (f"{place}: no field {name}" for name in told if name not in names)
        yield from (f"{place}: lacks {n[:-1]}" for n in schema if n.endswith("!") and n[:-1] not in told)
        for name in told:
            if name in names:
                yield from misfits(told[name], names[name], f"{place}.{name}")
    elif isinstance(schema, list):
        for number, each in enumerate(told):
            yield from misfits(each, schema[0], f"{place}.{number}")
    elif isinstance(schema, type):
        if not isinstance(told, schema):
            yield f"{place}: {told!r}"
    elif told not in (schema if isinstance(schema, tuple) else (schema,)):
        yield f"{place}: {told!r}"


def test_kubernetes_takes_the_job():
    told = YAML(typ="safe").load((SCHEDULE / "cronjob.yaml").read_text())
    assert list(misfits(told, CRON_JOB)) == []
    spec = told["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("0 7 * * 1", "America/New_York")
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    mounted = {m["name"] for c in pod["containers"] for m in c["volumeMounts"]}
    assert mounted == {v["name"] for v in pod["volumes"]}
    broken = {**told, "spec": {**spec, "schedual": 1, "timeZone": 5}}
    del broken["spec"]["schedule"]
    assert sorted(misfits(broken, CRON_JOB)) == [
        "cronjob.spec.timeZone: 5",
        "cronjob.spec: lacks schedule",
        "cronjob.spec: no field schedual",
    ]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Europe/London"])
def test_the_week_is_the_companys_wherever_the_machine_is(tmp_path, zone):
    """Seven o'clock on Monday of the company: the week that ended on Saturday there is the one prepared."""
    a_company(tmp_path)
    text = (tmp_path / "acme.yaml").read_text()
    text = text.replace("time_zone: America/New_York, now: 2026-05-11T09:00", f"time_zone: {zone}")
    (tmp_path / "acme.yaml").write_text(text)
    seven = datetime(2026, 5, 11, 7, tzinfo=ZoneInfo(zone))
    workspace = type(open_workspace(tmp_path))(tmp_path, lambda: seven.astimezone(UTC))
    workspace.load()
    assert workspace.default_week() == WEEK
    early = datetime(2026, 5, 9, 23, 59, tzinfo=ZoneInfo(zone))
    assert type(workspace)(tmp_path, lambda: early.astimezone(UTC)).default_week() == LAST_WEEK
    after = early + timedelta(minutes=2)
    assert type(workspace)(tmp_path, lambda: after.astimezone(UTC)).default_week() == WEEK
