"""How long a deck of 500 charts takes as a PDF, against setting each chart by itself.

Run: `python benchmarks/pdf.py [CHARTS]`. Needs no store; the values are made here. The naive way starts
the typesetter once a chart, with fonts and template anew; some of its charts are set and the rest reckoned.
"""

import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.draw import axis, chart, deck
from metrics.deck import Section
from metrics.export import Setting, pdf

GOAL = 3.0  # seconds for 500 charts
TRIED = 25  # charts set one by one


def main(count: int = 500) -> None:
    places = axis()
    decks = [deck([chart(run * count + n, places) for n in range(count)]) for run in range(4)]
    whole = decks[-1]
    pdf.document(replace(whole, sections=()))  # Warm: fonts are read once a process.
    taken, used, made = [], [], b""
    for each in decks[:-1]:  # Another deck each time: Typst remembers what it has set once.
        started, worked = perf_counter(), process_time()
        made = pdf.document(each, Setting(standing="Draft"))
        taken.append(perf_counter() - started)
        used.append(process_time() - worked)
    started = perf_counter()
    for block in whole.blocks[:TRIED]:
        pdf.typeface.cache_clear()
        pdf.fonts_of.cache_clear()
        pdf.document(replace(whole, sections=(Section("One", (block,)),)))
    naive = (perf_counter() - started) / TRIED * count
    best = min(taken)
    print(
        f"{count} charts as PDF/UA: {best:.2f} s ({min(used):.2f} s of processor), {len(made) / 1e6:.1f} MB; "
        f"{best / (GOAL * count / 500):.2f} of the time allowed"
    )
    print(f"each chart by itself: {naive:.1f} s; {naive / best:.1f} times as long")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
