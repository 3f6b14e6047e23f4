"""Decks to their readers, by mail and to channels: each reader gets the deck as they may see it, once.

Source: wbr-method.md section 3; platform.md section 4.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from metrics import notify
from metrics.credentials import credential
from metrics.definitions import Sending as Declared
from metrics.errors import ConflictError, JournalError, MetricsError, NotifyError, UnknownNameError, hint
from metrics.export import FORMATS, Exported
from metrics.export.json import as_json
from metrics.journal import New
from metrics.notify.places import HTTP_PORTS, SMTP_PORTS, place
from metrics.reviews.deliveries import (
    NOT_PUBLISHED,
    Address,
    Delivery,
    begun,
    deliveries,
    ended,
    obstacle,
)
from metrics.reviews.statement import Statement
from metrics.text import day

if TYPE_CHECKING:
    from metrics.workspace.house import Workspace

MOST_SECRET = 4_000  # Bytes of a file that holds an address.
FORMS = {"slack": notify.blocks, "teams": notify.adaptive_card, "plain": notify.plain_json}


@dataclass(frozen=True, slots=True)
class Post:
    """One deck to one reader, as it is about to be sent.

    Attributes:
        address: What to whom.
        name: Of the reader or the channel, as people call it.
        where: Mail address, or the form of the channel.
        form: What goes along: `pdf`, `link`; the form of a channel.
        known: What became of it before; None if nothing did.
        obstacle: Why it is not to be sent now, in words; empty if it is.
        wrong: Whether somebody must look at that: it is neither sent nor delivered before.
    """

    address: Address
    name: str
    where: str
    form: str
    known: Delivery | None = None
    obstacle: str = ""
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a post: `state` as of a delivery; `skipped` if somebody else was at it first."""

    post: Post
    state: str
    told: str
    tries: int = 0


class Sending:
    """Sends the decks of one workspace.

    Args:
        house: The workspace.
        environment: Where the addresses of servers stand, by the names that the workspace declares. They are
            secrets: they go to the server and into no word.
        patience: How often and how long servers are asked.
    """

    def __init__(
        self,
        house: "Workspace",
        environment: Mapping[str, str],
        patience: notify.Patience | None = None,
    ) -> None:
        self._house = house.whole
        self._environment = environment
        self._patience = patience or notify.Patience()
        rules = self._house.definitions.notify
        self._rules = notify.Rules(rules.allowed_hosts, rules.inner_hosts)
        self._files: dict[tuple[str, str, date, int, str], Exported] = {}

    # --- what would be sent ------------------------------------------------------------------

    def plan(
        self,
        week_ending: date | None = None,
        deck: str | None = None,
        to: Sequence[str] = (),
        *,
        again: bool = False,
    ) -> tuple[Post, ...]:
        """Who would get what, in the order declared; nothing is sent and nothing is noted.

        Args:
            week_ending: The week; by default the one to open.
            deck: Id of the outline; by default every deck that says how it is sent.
            to: Handles of people and names of channels; by default everybody whom the deck is for.
            again: What nobody knows the outcome of is to be sent again.

        Raises:
            CalendarError: `week_ending` ends no week.
            UnknownNameError: No such deck, reader or channel.
            NotifyError: No deck says how it is sent, or a link is wanted and nothing says where to.
        """
        house = self._house
        week = house.calendar.week(week_ending).last if week_ending else house.default_week()
        decks = house.definitions.decks
        declared = tuple(name for name, outline in decks.items() if outline.send is not None)
        names = declared if deck is None else (house.loop.deck_named(deck),)
        if not names or (deck is not None and decks[names[0]].send is None and not to):
            which = f"decks.{names[0]}" if names else "a deck"
            raise NotifyError(
                f"Nothing says how {which} is sent. Add `send: {{}}` to it, for a mail with the PDF to each "
                "of its readers; or name one with --to."
            )
        posts = [post for name in names for post in self._posts(name, week, again)]
        known = {*house.definitions.people, *(p.address.to for p in posts)}
        for name in to:
            if name not in known:
                raise UnknownNameError(f"{name!r} is neither a person nor a channel. {hint(name, known)}")
            if all(p.address.to != name for p in posts):
                raise NotifyError(f"{name} is no reader of {' or '.join(names)}. Nothing was sent.")
        return tuple(p for p in posts if not to or p.address.to in to)

    def _posts(self, deck: str, week: date, again: bool) -> Iterator[Post]:
        """Everybody whom a deck is for, by mail, then its channels."""
        house = self._house
        rules = house.definitions.decks[deck].send or Declared()
        edition = self._edition(week, deck)
        noted = deliveries(house.loop.chronicle.facts())
        if rules.mail != "none":
            form = "link" if rules.mail == "linked" else rules.format
            if form == "link" and not house.definitions.notify.base_url:
                raise NotifyError(
                    f"decks.{deck}.send.mail is `linked`, and nothing says where to. "
                    "Declare notify.base_url: https://…"
                )
            if form != "link" and form not in FORMATS:
                raise UnknownNameError(f"{form!r} is no form of a deck. {hint(form, FORMATS)}")
            for handle, person in house.definitions.people.items():
                if deck not in house.seen_by(handle).definitions.decks:
                    continue
                address = Address(deck, week, edition, "mail", handle)
                post = Post(address, person.name, person.email or "", form)
                why = "" if person.email else "no mail address is declared"
                yield self._held(post, noted.get(address.subject), again, why)
        for name, hook in rules.webhooks.items():
            address = Address(deck, week, edition, "webhook", name)
            post = Post(address, name, hook.form, hook.form)
            seen = deck in house.seen_by(hook.reader).definitions.decks
            whose = hook.reader or "everybody (declare its `reader`)"
            why = "" if seen else f"the deck may not be read by {whose}"
            yield self._held(post, noted.get(address.subject), again, why)

    def _held(self, post: Post, known: Delivery | None, again: bool, why: str) -> Post:
        """A post with what stands against it."""
        told = why or obstacle(known, self._house.moment(), again=again)
        wrong = bool(told) and (known is None or known.state != "delivered")
        return Post(post.address, post.name, post.where, post.form, known, told, wrong)

    def _edition(self, week: date, deck: str) -> int:
        known = self._house.loop.publishing.editions(week, deck)
        return known[-1].number if known else NOT_PUBLISHED

    def deliveries(self) -> tuple[Delivery, ...]:
        """Everything that was sent or begun, the newest first; of decks that the reader of this may read."""
        return sent(self._house)

    # --- sending -----------------------------------------------------------------------------

    def send(self, posts: Sequence[Post], *, by: str) -> Iterator[Posted]:
        """Send what nothing stands against, one after the other; each is told when its outcome is noted.

        Args:
            posts: Of `plan`.
            by: Who sends.
        """
        for post in posts:
            if not post.obstacle:
                yield self._sent(post, by)

    def _sent(self, post: Post, by: str) -> Posted:
        """One post: made, noted as begun, sent, and noted what came of it."""
        try:
            url = self._url(post.address)
            ports = SMTP_PORTS if post.address.way == "mail" else HTTP_PORTS
            place(url, self._rules, ports)
            letter = self._letter(post)
        except (MetricsError, OSError) as error:
            return Posted(post, "failed", str(error))  # Nothing was begun, so nothing is noted.
        try:
            number = self._noted(begun(post.address, post.known, post.form), by)
        except ConflictError:
            return Posted(post, "skipped", "another run began it meanwhile")
        outcome = self._handed_over(post, letter, url)
        try:
            self._noted(ended(post.address, outcome.state, outcome.told, outcome.tries, number), by)
        except JournalError as error:
            told = f"{outcome.state}, but that could not be noted: {error}"
            return Posted(post, "unclear", told, outcome.tries)
        return Posted(post, outcome.state, outcome.told, outcome.tries)

    def _handed_over(self, post: Post, letter: "_Letter", url: str) -> notify.Outcome:
        key = sha256(post.address.subject.encode()).hexdigest()[:24]
        rules = self._house.definitions.notify
        try:
            if post.address.way == "webhook":
                body = FORMS[post.form](letter.summary)
                return notify.posted_one(body, url, self._rules, self._patience, key)
            files = (notify.Attachment(f.name, f.mime, f.data) for f in letter.files)
            mail = notify.Message(
                post.where,
                post.name,
                letter.summary.subject,
                notify.in_plain(letter.summary),
                notify.html(letter.summary),
                tuple(files),
                key,
            )
            return notify.mailed_one(mail, url, rules.sender, self._rules, self._patience)
        except NotifyError as error:
            return notify.Outcome("refused", str(error), 0)

    def _noted(self, told: Statement, by: str) -> int:
        """Add a fact at the real time, also where a demonstration's clock stands still; return its number."""
        new = New(told.kind, told.subject, told.body, told.because, told.expects)
        house = self._house
        return house.journal.append_all([new], author=by, at=house.moment().astimezone(UTC))[0].number

    # --- what is sent ------------------------------------------------------------------------

    def _letter(self, post: Post) -> "_Letter":
        """The deck as its reader may see it: in few words, and as a file if one goes along."""
        address, house = post.address, self._house
        deck = house.definitions.decks[address.deck]
        reader: str | None = address.to
        if address.way == "webhook":
            reader = (deck.send or Declared()).webhooks[address.to].reader
        view = house.seen_by(reader)
        edition = address.edition or None
        files: tuple[Exported, ...] = ()
        if address.way == "mail" and post.form != "link":
            files = (self._file(view, address, post.form),)
        if edition is None:
            told = as_json(view.deck(address.week_ending, deck=address.deck))
            state = f": the week is {told['state']}" if told.get("state") else ""
            standing = f"As known on {day(house.now().date())}, not published{state}"
        else:
            told = json.loads(self._file(view, address, "json").data)
            at = view.loop.publishing.edition(address.week_ending, address.deck, edition).at
            standing = f"Edition {edition}, published on {day(at.date())}"
        name = files[0].name if files else ""
        return _Letter(notify.summary(told, standing, self._link(address), name), files)

    def _file(self, view: "Workspace", address: Address, form: str) -> Exported:
        """A file of a deck, made once for all who see the same."""
        key = view.hidden.key, address.deck, address.week_ending, address.edition, form
        if key not in self._files:
            edition = address.edition or None
            self._files[key] = view.exporting.exported(
                address.week_ending, form, address.deck, edition=edition
            )
        return self._files[key]

    def _link(self, address: Address) -> str:
        base = self._house.definitions.notify.base_url
        if not base:
            return ""
        asked = urlencode({"week": address.week_ending.isoformat(), "deck": address.deck})
        return f"{base.rstrip('/')}/?{asked}"

    # --- secrets -----------------------------------------------------------------------------

    def _url(self, address: Address) -> str:
        """The address of the server; NotifyError if nobody told it."""
        definitions = self._house.definitions
        if address.way == "mail":
            rules = definitions.notify
            return self._secret(
                "the mail server", None if rules.smtp_file else rules.smtp_env, rules.smtp_file
            )
        hook = (definitions.decks[address.deck].send or Declared()).webhooks[address.to]
        return self._secret(f"the channel {address.to}", hook.url_env, hook.url_file)

    def _secret(self, what: str, variable: str | None, file: str | None) -> str:
        if file is None:
            if told := credential(variable or "", self._environment):
                return told
            raise NotifyError(f"The address of {what} is not known. Set ${variable} or ${variable}_FILE.")
        path = Path(self._house.folder, file)
        try:
            with path.open("rb") as held:
                told = held.read(MOST_SECRET).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise NotifyError(f"The address of {what} cannot be read from {path}: {why}.") from None
        if not told or any(c.isspace() for c in told):
            raise NotifyError(f"{path} does not hold the address of {what} on one line, and nothing else.")
        return told


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one reader is told, and the files that go along."""

    summary: notify.Summary
    files: tuple[Exported, ...]


def sent(house: "Workspace") -> tuple[Delivery, ...]:
    """Every delivery of decks that the reader of a workspace may see, the newest first."""
    known = house.definitions.decks
    found = deliveries(house.loop.chronicle.facts()).values()
    return tuple(each for each in reversed(list(found)) if each.address.deck in known)
