"""A deck as a file, for the page, the command line, the mail and the API alike.

Source: wbr-method.md section 3, "Publish = freeze".
"""

from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from metrics import text
from metrics.deck import Block, Deck
from metrics.export import Exported, Fonts, Paper, Setting, form
from metrics.ingest import slug
from metrics.reviews.editions import Edition
from metrics.workspace.ready import Ready
from metrics.workspace.recording import recorded

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

FONTS = "fonts"  # A workspace's folder of fonts for what the bundled typeface lacks.


class Exporting:
    """Makes files of decks: of a week as it is known now, as it was known once, and as it was published."""

    def __init__(self, house: "Workspace") -> None:
        self._house = house
        self.ready = Ready(house.folder)

    def exported(
        self,
        week_ending: date | None = None,
        name: str = "html",
        deck: str | None = None,
        as_of: datetime | None = None,
        edition: int | Literal["newest"] | None = None,
        paper: Paper = "a4",
    ) -> Exported:
        """One week's deck as a file: as it is now, as it was known once, or as it was published.

        Args:
            week_ending: Last day of the week; by default the one to open.
            name: Of the form: a key of `export.FORMATS`.
            deck: Id of the outline; by default the first declared.
            as_of: Only what was known then, an aware time; by default all that is known.
            edition: Number of a published edition, or `newest`; by default the deck is not a frozen one.
            paper: Size of the pages, where the form has pages.

        Raises:
            CalendarError: `week_ending` ends no week.
            UnknownNameError: No such deck, no such form, or no such edition.
            StoreError: The store or a file of the edition cannot be read.
        """
        chosen = form(name)
        if edition is not None:
            return self._frozen(week_ending or self._house.default_week(), name, deck, edition, paper)
        then = self._house if as_of is None else self._house.as_it_stood(as_of)
        made = recorded(then, then.deck(week_ending, deck=deck))
        known = f"-as-of-{as_of:%Y-%m-%dT%H%M}" if as_of is not None else ""
        return Exported(
            f"{made.name}{self._segment}-{made.week_ending}{known}.{chosen.extension}",
            chosen.mime,
            self.ready.file(made, self._setting(paper, self._standing(made)), name, chosen.make),
        )

    def picture(
        self, metric: str, week_ending: date | None = None, name: Literal["svg", "png"] = "png"
    ) -> Exported:
        """One metric's chart as a picture to paste elsewhere.

        Args:
            metric: Its id.
            week_ending: Last day of the week; by default the one to open.
            name: Lines that scale, or dots.

        Raises:
            CalendarError: `week_ending` ends no week.
            UnknownNameError: No such metric.
            StoreError: The store cannot be read.
        """
        from metrics.export import images  # Here: a library that only pictures and PDFs need.

        known = self._house.metric(metric)
        chosen = week_ending or self._house.default_week()
        block = self._shown(metric, chosen)
        stamps = (*(block.chart.stamps if block.chart else ()), *(block.said.stamps if block.said else ()))
        company = self._house.definitions.company
        shown = images.Picture(
            block.chart or self._house.chart(metric, chosen),
            known.name,
            " · ".join((company.name, f"week ending {text.day(chosen)}", *stamps)),
            company.currency,
            block.signal,
            block.told,
        )
        file = f"{metric}-{chosen}.{name}"
        if name == "svg":
            return Exported(file, "image/svg+xml", images.svg(shown).encode())
        return Exported(file, "image/png", images.png(shown, self._setting("a4", "").fonts))

    def _shown(self, metric: str, week_ending: date) -> Block:
        """The block of the first deck that shows a metric's chart; one of its own where none does."""
        for deck in self._house.definitions.decks:
            for block in self._house.deck(week_ending, deck=deck).blocks:
                if block.metric == metric and block.chart is not None:
                    return block
        rows = self._house.judging.week(week_ending).rows
        judged = next((row for row in rows if row.metric == metric), None)
        return Block(
            number=0,
            kind="six_twelve",
            title=metric,
            chart=self._house.chart(metric, week_ending),
            signal=judged.signal if judged else None,
            told=judged.told if judged else "",
        )

    def _frozen(
        self, week_ending: date, name: str, deck: str | None, edition: int | Literal["newest"], paper: Paper
    ) -> Exported:
        """A published deck: HTML and JSON are the frozen files, other forms are made of its value."""
        chosen = form(name)
        publishing = self._house.loop.publishing
        found = publishing.edition(week_ending, deck, None if edition == "newest" else edition)
        file = f"{found.deck}-{found.week_ending}-edition-{found.number}.{chosen.extension}"
        frozen = {"html": publishing.document, "json": publishing.document_of_values}
        if name in frozen:
            return Exported(file, chosen.mime, frozen[name](found))
        standing = _edition(found)
        setting = self._setting(paper, standing[:1].upper() + standing[1:])
        made = self.ready.file(publishing.deck(found), setting, name, chosen.make)
        return Exported(file, chosen.mime, made)

    def _setting(self, paper: Paper, standing: str) -> Setting:
        """With the company's own fonts, if the workspace has a folder of them."""
        folder = self._house.folder / FONTS
        held = sorted(folder.iterdir()) if folder.is_dir() else []
        if not held:
            return Setting(paper, standing)
        stamp = "".join(f"{path.name} {(s := path.stat()).st_size} {s.st_mtime_ns}\n" for path in held)
        return Setting(paper, standing, Fonts(folder, sha256(stamp.encode()).hexdigest()))

    @property
    def _segment(self) -> str:
        """Of a segment alone, its name in a file's."""
        told = self._house.slice
        return "" if told is None else "".join(f"-{slug(segment)}" for segment in told.where.values())

    def _standing(self, deck: Deck) -> str:
        """What a deck that was made just now is worth, in words."""
        if self._house.slice is not None:
            return f"{self._house.slice.words} alone, as it is known now"
        if deck.as_of is not None:
            return f"As known on {text.day(deck.as_of.date())}, not as published"
        known = self._house.loop.publishing.editions(deck.week_ending, deck.name)
        if known:
            return f"As it is known now; {_edition(known[-1])} may differ"
        return f"Draft: the week is {deck.state}" if deck.state else "Draft: not published"


def _edition(edition: Edition) -> str:
    """An edition in words: `edition 1, published on 13 May 2026`."""
    return f"edition {edition.number}, published on {text.day(edition.at.date())}"
