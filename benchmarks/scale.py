"""How time, memory and disk grow with series, segments, links and frozen decks.

python benchmarks/scale.py [--quick] [--only KIND ...] [--times N] [--folder FOLDER]

Each case runs in a process of its own, so that its peak memory (the resident set, libraries and all) is its
own. The exponent is the slope of a straight line through the logarithms: 1 is in proportion, 0 is no growth.
With `--times`, small, middle and large cases take turns and the medians are told, so that other work on the
machine, which comes and goes, does not fall on one size alone.
Values are made in memory and given to the store as Arrow tables, at most 5,000 series at a time: reading text
is measured in `benchmarks/load.py`. The targets hold at 100 million observations.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.deck import ENDING, Made, definitions
from metrics import week
from metrics.store import Store
from metrics.workspace import Workspace

DAYS = 1826  # Five years.
BATCH = 5000  # Series in one load.
LOADED_AT = datetime(2026, 5, 10, 6, tzinfo=UTC)
NOW = datetime(2026, 5, 11, 7, tzinfo=UTC)
LIMIT = 900  # Seconds a case may take.
GOALS = {"deck of 5,000 metrics": (2.0, 4.0), "load of one day": (3.0, 4.0)}  # Seconds, GB.
SLICED = 50  # Series that are told by segment.

Told = Iterator[tuple[str, float]]  # What was done, and its seconds.


def readings(
    series: Sequence[int], first: date, days: int, *, segments: Sequence[str] = ("{}",), source: str = "s"
) -> Made:
    """Values of some series for some days, each by segment: one series and segment after another."""
    each = np.datetime64(first) + np.arange(days)
    cells = len(series) * len(segments)
    rows = cells * days
    names = np.repeat(np.arange(len(series), dtype=np.int32), days * len(segments))
    told = np.tile(np.repeat(np.arange(len(segments), dtype=np.int32), days), len(series))
    values = np.random.default_rng(series[0] + 1).gamma(5, 20, rows).round(2)
    same = pa.array(np.zeros(rows, np.int32))
    table = pa.table(
        {
            "series": pa.DictionaryArray.from_arrays(pa.array(names), pa.array([f"s{i}" for i in series])),
            "segments": pa.DictionaryArray.from_arrays(pa.array(told), pa.array(list(segments))),
            "day": pa.array(np.tile(each, cells)),
            "value": pa.array(values),
            "observed_at": pa.nulls(rows, pa.timestamp("us")),
            "file": pa.DictionaryArray.from_arrays(same, pa.array(["made"])),
        }
    )
    return Made(table, rows, source)


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


# --- cases: each says what took how long ---------------------------------------------------------


def filled(folder: Path, series: int) -> Told:
    store, took = Store(folder / "store"), 0.0
    for start in range(0, series, BATCH):
        made = readings(range(start, min(start + BATCH, series)), ENDING - timedelta(days=DAYS - 1), DAYS)
        took += timed(lambda made=made: store.add([made], LOADED_AT))  # type: ignore[misc]  # mypy infers no lambda with a default.
    yield "load of five years", took


def one_day(folder: Path, series: int) -> Told:
    made = readings(range(series), ENDING + timedelta(days=1), 1)
    yield "load of one day", timed(lambda: Store(folder / "store").add([made], NOW))
    restated = readings(range(series), ENDING, 1)
    yield (
        "load of one day restated",
        timed(lambda: Store(folder / "store").add([restated], NOW + timedelta(hours=1))),
    )


def decks(folder: Path, metrics: int) -> Told:
    store, known = Store(folder / "store"), definitions(metrics)

    def built() -> None:
        with store.reading() as connection:
            week.build(known, week.Known(connection, store.version), ENDING)

    built()  # The first reads the file into the machine's memory.
    yield f"deck of {metrics:,} metrics", min(timed(built) for _ in range(3))


def signals(_folder: Path, metrics: int) -> Told:
    from benchmarks.portfolio import world
    from metrics.signals import judge_all

    weeklies = world(7000, metrics).weeklies()
    judge_all(weeklies[:3])  # Imports are not the engine's time.
    yield "signals of 157 weeks", timed(lambda: judge_all(weeklies))


def links(_folder: Path, stated: int) -> Told:
    from benchmarks.correlation import a_company, panel_of
    from metrics.correlation import link_tests
    from metrics.definitions import Link

    panel = panel_of(*a_company(200, 50))
    claims = [
        Link(driver=f"x{n % 200}", driven=f"y{n // 200 + n % 45}", sign="+", lag_weeks=(1, 6), because="said")
        for n in range(stated)
    ]
    link_tests(panel, claims[:2])
    yield "evidence of stated links", timed(lambda: link_tests(panel, claims))


def segments(folder: Path, count: int) -> Told:
    lines = [
        "company: {name: Bench, time_zone: UTC}",
        "require_owner: false",
        "sources: {s: {csv: s.csv, date: {column: day}, series_column: series, value_column: value, "
        "segments: [place]}}",
        "metrics:",
    ]
    for i in range(SLICED):
        fields = f"name: Metric {i}, kind: output, owner: null, unit: number, better: up"
        lines.append(f"  m{i}: {{{fields}, measure: {{how: total, series: s{i}}}}}")
    blocks = ", ".join(f"m{i}" for i in range(SLICED))
    lines.append(f"decks: {{all: {{title: All, sections: [{{title: All, blocks: [{blocks}]}}]}}}}")
    (folder / "wbr.yaml").write_text("\n".join(lines), encoding="utf-8")
    places = [json.dumps({"place": f"p{n}"}) for n in range(count)]
    made = readings(range(SLICED), ENDING - timedelta(days=DAYS - 1), DAYS, segments=places)
    Store(folder / "store").add([made], LOADED_AT)
    house = Workspace(folder, clock=lambda: NOW)
    house.deck(ENDING)
    yield "deck of one segment, cold", timed(lambda: house.sliced({"place": "p0"}).deck(ENDING))


def frozen(folder: Path, count: int) -> Told:
    fields = "kind: output, owner: ada, unit: number, better: up"
    (folder / "wbr.yaml").write_text(
        "company: {name: Bench, time_zone: UTC}\n"
        "people: {ada: {name: Ada, roles: [owner, deck_owner]}}\n"
        "sources: {s: {csv: s.csv, date: {column: day}, series_column: series, value_column: value}}\n"
        "metrics:\n"
        + "".join(
            f"  m{i}: {{name: M {i}, {fields}, measure: {{how: total, series: s{i}}}}}\n" for i in range(5)
        )
        + "decks: {all: {title: All, sections: [{title: All, blocks: [m0, m1, m2, m3, m4]}]}}\n",
        encoding="utf-8",
    )
    Store(folder / "store").add([readings(range(5), ENDING - timedelta(days=DAYS - 1), DAYS)], LOADED_AT)
    house = Workspace(folder, clock=lambda: NOW)
    publishing, deck = house.loop.publishing, house.deck(ENDING)

    def freeze() -> None:
        for number in range(count):
            publishing.publish(deck, {}, by="ada", because="" if number == 0 else "measured")

    yield "freezing them all", timed(freeze)

    def opened() -> None:
        again = Workspace(folder, clock=lambda: NOW).loop.publishing
        assert len(again.editions()) == count
        again.document(again.edition(ENDING, number=1))

    yield "listing them and opening one", timed(opened)


def declared(folder: Path, count: int) -> Told:
    from metrics import registry

    _departments(folder, count)
    yield "check of definitions", timed(lambda: registry.read(folder))
    edited = folder / "metrics-000000.yaml"
    edited.write_text(edited.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    yield "check after an edit of one file", timed(lambda: registry.read(folder))


def departments(folder: Path, count: int) -> Told:
    """A company that defines so many metrics in decks of 50, of which each reader opens one."""
    _departments(folder, count)
    store = Store(folder / "store")
    for start in range(0, count, BATCH):
        made = readings(range(start, min(start + BATCH, count)), ENDING - timedelta(days=799), 800)
        store.add([made], LOADED_AT)
    house = Workspace(folder, clock=lambda: NOW)
    yield "first deck, all metrics judged", timed(house.deck)
    yield "deck of another department", timed(lambda: house.deck(deck="d1"))
    house.loop.owning.assign("m7", "ben", "asked for it", by="ada")
    yield "deck after a decision", timed(house.deck)
    again = Workspace(folder, clock=lambda: NOW)
    yield "first deck of another process", timed(again.deck)


def _departments(folder: Path, count: int) -> None:
    fields = "owner: ada, unit: number, better: up"
    parts = [range(at, min(at + 50, count)) for at in range(0, count, 50)]
    (folder / "wbr.yaml").write_text(
        "company: {name: Bench, time_zone: UTC}\n"
        "people: {ada: {name: Ada, roles: [owner, executive]}, ben: {name: Ben, roles: [owner]}}\n"
        "sources: {s: {csv: s.csv, date: {column: day}, series_column: series, value_column: value}}\n"
        "decks:\n"
        + "".join(
            f"  d{at}: {{title: Department {at}, sections: [{{title: All, blocks: "
            f"[{', '.join(f'm{i}' for i in part)}]}}]}}\n"
            for at, part in enumerate(parts)
        ),
        encoding="utf-8",
    )
    for at in range(0, count, BATCH):  # One file ends at 2 MB; files are joined.
        lines = (
            f"  m{i}: {{name: M {i}, kind: {('output', 'input')[i % 2]}, {fields}, "
            f"measure: {{how: total, series: s{i}}}}}\n"
            for i in range(at, min(at + BATCH, count))
        )
        (folder / f"metrics-{at:06}.yaml").write_text("metrics:\n" + "".join(lines), encoding="utf-8")


CASES: Mapping[str, Callable[[Path, int], Told]] = {
    "fill": filled, "day": one_day, "deck": decks, "signals": signals, "links": links, "segments": segments,
    "frozen": frozen, "declared": declared, "departments": departments,
}  # fmt: skip


KINDS = ("store", "signals", "links", "segments", "frozen", "declared", "departments")


# --- running them --------------------------------------------------------------------------------


def run(kind: str, size: int, folder: Path) -> list[tuple[str, float, float, float]]:
    """A case in a process of its own: what, seconds, GB at its peak, GB on the disk afterwards."""
    command = [sys.executable, __file__, "--case", kind, "--size", str(size), "--folder", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        print(f"  {kind} of {size:,}: not done within {LIMIT} s", flush=True)
        return []
    if done.returncode:
        print(f"  {kind} of {size:,}: ended with {done.returncode}\n{done.stderr[-2000:]}", flush=True)
        return []
    told = json.loads(done.stdout.splitlines()[-1])
    # One generation: the store keeps several, each a whole file.
    files = sorted((folder / "store").glob("wbr-*.duckdb"), key=lambda one: one.stat().st_mtime)
    disk = files[-1].stat().st_size if files else 0
    disk += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.parent != folder / "store")
    return [(what, seconds, told["peak"], disk / 1e9) for what, seconds in told["took"]]


def medians(
    turns: Sequence[Sequence[tuple[str, float, float, float]]],
) -> list[tuple[str, float, float, float]]:
    """Of each thing done, the median of its turns; nothing if one of them was not done."""
    if not all(turns):
        return []
    return [
        (same[0][0], *(float(np.median([one[n] for one in same])) for n in (1, 2, 3)))
        for same in zip(*turns, strict=True)
    ]  # type: ignore[misc]  # Three numbers.


def exponent(points: Sequence[tuple[float, float]]) -> str:
    """The slope through the logarithms of size and cost; a dash where it cannot be told."""
    usable = [(size, cost) for size, cost in points if size > 0 and cost > 0]
    if len(usable) < 2:
        return "-"
    sizes, costs = np.log(np.array(usable)).T
    return f"{np.polyfit(sizes, costs, 1)[0]:.2f}"


class Ledger:
    """What was measured, by what was done."""

    def __init__(self) -> None:
        self.missed = 0
        self._points: dict[str, list[tuple[float, float, float, float]]] = {}

    def note(self, unit: str, size: int, told: Sequence[tuple[str, float, float, float]]) -> None:
        """Keep and print what a case took; a case that told nothing is a miss."""
        self.missed += not told
        for what, seconds, peak, disk in told:
            self._points.setdefault(f"{what}, by {unit}", []).append((size, seconds, peak, disk))
            late = ""
            if unit == "observations" and size >= 100_000_000 and what in GOALS:
                limit, most = GOALS[what]
                late = "" if seconds < limit and peak < most else f"   MISSED: {limit} s, {most} GB"
                self.missed += bool(late)
            print(
                f"{size:>12,} {unit:<13} {what:<30} {seconds:9.3f} s {peak:6.2f} GB {disk:7.3f} disk{late}",
                flush=True,
            )

    def exponents(self) -> None:
        """Print how everything grew."""
        print("\nexponents" + " " * 43 + "time  memory    disk")
        for what, points in self._points.items():
            slopes = [exponent([(point[0], point[n]) for point in points]) for n in (1, 2, 3)]
            print(f"{what:<48} {slopes[0]:>7} {slopes[1]:>7} {slopes[2]:>7}")


def measured(asked: argparse.Namespace, folder: Path) -> int:
    quick, ledger = asked.quick, Ledger()
    wanted = set(asked.only or KINDS)
    sizes: dict[str, tuple[int, ...]] = {
        "signals": (50, 100) if quick else (50, 500),
        "links": (10, 50) if quick else (10, 100, 1000),
        "segments": (1, 5) if quick else (1, 10, 100),
        "frozen": (1, 10) if quick else (1, 52, 520),
        "declared": (50, 500) if quick else (500, 5000, 50_000),
        "departments": (100, 500) if quick else (500, 5000, 50_000),
    }
    units = {"signals": "metrics", "frozen": "decks", "declared": "metrics", "departments": "metrics"}
    for kind in (k for k in sizes if k in wanted):
        told: dict[int, list[list[tuple[str, float, float, float]]]] = {size: [] for size in sizes[kind]}
        for turn in range(asked.times):
            for size in sizes[kind]:
                place = folder / f"{kind}-{size}-{turn}"
                place.mkdir(parents=True)
                told[size].append(run(kind, size, place))
        for size, each in told.items():
            ledger.note(units.get(kind, kind), size, medians(each))
    for series in ((55, 550) if quick else (550, 5500, 55_000)) if "store" in wanted else ():
        place, rows = folder / f"store-{series}", series * DAYS
        place.mkdir(parents=True)
        ledger.note("observations", rows, run("fill", series, place))
        for metrics in (50, 500, 5000):
            if metrics <= series:
                ledger.note("observations", rows, run("deck", metrics, place))
        ledger.note("observations", rows, run("day", series, place))
    ledger.exponents()
    return 1 if ledger.missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--only", action="append", choices=KINDS)
    parser.add_argument("--times", type=int, default=1, help="turns of each case but the store's")
    parser.add_argument("--folder", type=Path, help="where the stores lie (6 GB); a temporary folder")
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        took = list(CASES[asked.case](asked.folder, asked.size))
        # The kernel counts in kilobytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps({"took": took, "peak": peak}))
        return 0
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        return measured(asked, Path(folder))


if __name__ == "__main__":
    raise SystemExit(main())
