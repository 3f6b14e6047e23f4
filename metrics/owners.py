"""Who owned which metric when: exactly one person at any date, or nobody.

The definitions propose an owner; the journal decides. An assignment counts from a date on and takes
the place of what was planned for that date and later. Who has left owns nothing from that day on.

Source: wbr-method.md section 8; DESIGN.md section 4.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from metrics.definitions import Definitions, Section, metrics_in
from metrics.errors import DecisionError, NotAllowedError, UnknownNameError, hint
from metrics.reviews.duties import checked, may
from metrics.reviews.statement import (
    Statement,
    day_of,
    declared,
    listed,
    named,
    said,
    somebody,
)
from metrics.reviews.told import Told

Standing = Literal["proposed", "waiting", "accepted", "nobody"]
PERSON = "person:"  # Before a handle, where a fact is about a person and not about a metric.


@dataclass(frozen=True, slots=True)
class Stretch:
    """A metric in one person's hands.

    Attributes:
        owner: Handle; None where nobody owned it.
        first: First day; None for the owner whom the definitions propose.
        last: Last day; None if it goes on.
        by: Who decided; empty for the definitions.
        because: Why.
        accepted: The owner said yes; also true of the one whom the definitions propose.
        fact: Number of the fact; 0 for the definitions.
    """

    owner: str | None
    first: date | None
    last: date | None
    by: str = ""
    because: str = ""
    accepted: bool = True
    fact: int = 0


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who speaks for a metric beside its owner, from one day to another, both included."""

    person: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who answers for a metric on one day.

    Attributes:
        metric: Its id.
        owner: Handle of the one owner; None if nobody.
        standing: `proposed` by the definitions and nobody said otherwise; `waiting` for the owner to
            accept; `accepted`; `nobody`.
        since: First day; None for a proposed owner.
        deputy: Who speaks beside the owner today; None if nobody.
        deputy_until: Last day of the deputy.
        proposed: The owner in the definitions.
        coming: A planned hand-over: whom and from when.
        left: The owner who left, if that is why nobody owns it.
        because: Why the owner owns it.
        fact: Number of the newest fact about it, 0 if there is none; what a decision `expects`.
    """

    metric: str
    owner: str | None
    standing: Standing
    since: date | None = None
    deputy: str | None = None
    deputy_until: date | None = None
    proposed: str | None = None
    coming: tuple[str, date] | None = None
    left: str | None = None
    because: str = ""
    fact: int = 0

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who may speak for the metric: the owner first, then the deputy."""
        return tuple(p for p in (self.owner, self.deputy) if p is not None)

    @property
    def differs(self) -> bool:
        """The definitions propose another owner than the journal says."""
        return self.standing != "proposed" and self.owner != self.proposed


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a flywheel node is owned.

    Attributes:
        node: Its id.
        name: Its name.
        metrics: Ids of its metrics, retired ones left out.
        without: Those that nobody owns.
    """

    node: str
    name: str
    metrics: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """One person who owns metrics of sections that have nothing to do with each other.

    Attributes:
        person: Handle.
        groups: Sections that hang together, each as their titles; two groups or more.
    """

    person: str
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What an assignment of many would do to one metric.

    Attributes:
        metric: Its id.
        before: The owner now.
        after: The owner from the day on.
        refused: Why it stays as it is; empty if it would change.
    """

    metric: str
    before: str | None
    after: str
    refused: str = ""


class Owners:
    """Who owned what when, from the definitions and what people decided since.

    Args:
        definitions: Of the workspace.
        facts: The journal's, oldest first; only those of the family `owner` are read.
    """

    def __init__(self, definitions: Definitions, facts: Iterable[Told]) -> None:
        self._definitions = definitions
        told = [f for f in facts if f.kind.partition(".")[0] == "owner"]
        self._gone = dict(_gone(told))
        self._newest = {f.subject: f.number for f in told}
        self._deputies: dict[str, list[Deputy]] = {}
        self._stretches: dict[str, list[Stretch]] = {
            m.id: [Stretch(m.owner, None, None)] for m in definitions.metrics.values()
        }
        for fact in told:
            if fact.subject in self._stretches:
                self._take(fact)

    def _take(self, fact: Told) -> None:
        stretches = self._stretches[fact.subject]
        match fact.kind:
            case "owner.assigned":
                start = day_of(fact.body, "from") or fact.at.date()
                kept = [s for s in stretches if s.first is None or s.first < start]
                kept[-1:] = [replace(s, last=start - timedelta(days=1)) for s in kept[-1:]]
                person = str(fact.body["person"])
                accepted = person == fact.author
                kept.append(Stretch(person, start, None, fact.author, fact.because, accepted, fact.number))
                self._stretches[fact.subject] = kept
            case "owner.accepted":
                told = fact.body.get("assignment")
                self._stretches[fact.subject] = [
                    replace(s, accepted=True) if s.fact == told else s for s in stretches
                ]
            case "owner.deputy":
                first, last = day_of(fact.body, "from"), day_of(fact.body, "until")
                person_told = fact.body.get("person")
                before = self._deputies.get(fact.subject, [])
                start = first or fact.at.date()
                shortened = [
                    replace(d, last=min(d.last, start - timedelta(days=1))) for d in before if d.first < start
                ]
                if person_told and first and last:
                    shortened.append(Deputy(str(person_told), first, last))
                self._deputies[fact.subject] = shortened

    # --- one metric --------------------------------------------------------------------------

    def at(self, metric: str, day: date) -> Ownership:
        """Who answers for a metric on a day; UnknownNameError if there is no such metric."""
        proposed = declared(self._definitions, metric).owner
        stretches = self._stretches[metric]
        now = next(s for s in reversed(stretches) if s.first is None or s.first <= day)
        owner, left = now.owner, None
        if owner is not None and self.has_left(owner, day):
            owner, left = None, owner
        deputy = next(
            (
                d
                for d in reversed(self._deputies.get(metric, []))
                if d.first <= day <= d.last and not self.has_left(d.person, day)
            ),
            None,
        )
        later = next((s for s in stretches if s.first is not None and s.first > day), None)
        standing: Standing = (
            "nobody" if owner is None
            else "proposed" if now.first is None
            else "accepted" if now.accepted else "waiting"
        )  # fmt: skip
        return Ownership(
            metric=metric,
            owner=owner,
            standing=standing,
            since=now.first,
            deputy=deputy.person if deputy else None,
            deputy_until=deputy.last if deputy else None,
            proposed=proposed,
            coming=(later.owner, later.first) if later and later.owner and later.first else None,
            left=left,
            because=now.because,
            fact=self._newest.get(metric, 0),
        )

    def stretches(self, metric: str) -> tuple[Stretch, ...]:
        """Everybody who owned a metric, oldest first; a day belongs to exactly one of them."""
        declared(self._definitions, metric)
        found = []
        for stretch in self._stretches[metric]:
            gone = self._gone.get(stretch.owner or "")
            first, last = stretch.first, stretch.last
            if gone is None or (last is not None and gone > last):
                found.append(stretch)
                continue
            if first is None or first < gone:
                found.append(replace(stretch, last=gone - timedelta(days=1)))
            begins = gone if first is None else max(gone, first)
            name = named(self._definitions, stretch.owner)
            found.append(Stretch(None, begins, last, because=f"{name} left on {gone}"))
        return tuple(found)

    def deputies(self, metric: str) -> tuple[Deputy, ...]:
        """Every deputy a metric had, has or will have."""
        return tuple(self._deputies.get(metric, ()))

    # --- all metrics -------------------------------------------------------------------------

    def all(self, day: date) -> tuple[Ownership, ...]:
        """Every metric's ownership on a day, retired ones left out, in the order of the file."""
        return tuple(self.at(m.id, day) for m in self._definitions.metrics.values() if not m.retired)

    def without(self, day: date) -> tuple[str, ...]:
        """The metrics that nobody answers for."""
        return tuple(o.metric for o in self.all(day) if o.owner is None)

    def of(self, person: str, day: date) -> tuple[str, ...]:
        """The metrics a person speaks for on a day: the own ones, then those as deputy."""
        told = self.all(day)
        own = tuple(o.metric for o in told if o.owner == person)
        return own + tuple(o.metric for o in told if o.deputy == person and o.metric not in own)

    def differences(self, day: date) -> tuple[Ownership, ...]:
        """Where the definitions propose another owner than the journal says."""
        return tuple(o for o in self.all(day) if o.differs)

    def load(self, day: date) -> dict[str, int]:
        """How many metrics each person owns, most first, then by handle."""
        counts: dict[str, int] = {}
        for each in self.all(day):
            if each.owner is not None:
                counts[each.owner] = counts.get(each.owner, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def coverage(self, day: date) -> tuple[Coverage, ...]:
        """How much of each flywheel node is owned, in the order declared."""
        nobody = set(self.without(day))
        found = []
        for node in self._definitions.nodes:
            metrics = tuple(m for m in node.metrics if not self._definitions.metrics[m].retired)
            found.append(Coverage(node.id, node.name, metrics, tuple(m for m in metrics if m in nobody)))
        return tuple(found)

    def unrelated(self, day: date, deck: str | None = None) -> tuple[Spread, ...]:
        """People whose metrics lie in sections of a deck that have nothing to do with each other.

        Two sections belong together if they hang on one flywheel node, or a stated link, an identity or a
        guardrail joins a metric of the one to a metric of the other, both owned by that person.
        """
        decks = self._definitions.decks
        if not decks:
            return ()
        sections = decks[deck or next(iter(decks))].sections
        joined = set(_joined(self._definitions))
        found = []
        for person in self.load(day):
            own = set(self.of(person, day))
            theirs = [(s, own & _metrics_of(s)) for s in sections if own & _metrics_of(s)]
            groups = _together(theirs, joined)
            if len(groups) > 1:
                found.append(Spread(person, groups))
        return tuple(found)

    # --- people ------------------------------------------------------------------------------

    @property
    def gone(self) -> Mapping[str, date]:
        """Who has left, or will, and the first day without them."""
        return dict(self._gone)

    def has_left(self, person: str, day: date) -> bool:
        """Whether a person is gone on a day."""
        return person in self._gone and self._gone[person] <= day

    def newest_of(self, person: str) -> int:
        """Number of the newest fact about a person's leaving; 0 if there is none."""
        return self._newest.get(PERSON + person, 0)


def _gone(told: Sequence[Told]) -> Iterator[tuple[str, date]]:
    """Who left when, by the newest word on each; who came back is not among them."""
    newest = {f.subject.removeprefix(PERSON): f for f in told if f.subject.startswith(PERSON)}
    for person, fact in newest.items():
        if fact.kind == "owner.left" and (day := day_of(fact.body, "on")):
            yield person, day


def _metrics_of(section: Section) -> set[str]:
    """The metrics that a section's blocks are about, each block's first."""
    return {next(iter(metrics_in(b)), "") for b in section.blocks} - {""}


def _joined(definitions: Definitions) -> Iterator[frozenset[str]]:
    """Pairs of metrics that belong together by a link, an identity or a guardrail."""
    for link in definitions.links:
        yield frozenset((link.driver, link.driven))
    for identity in definitions.definitions:
        for operands in identity.equals.values():
            yield from (frozenset((identity.metric, o)) for o in operands)
    for metric in definitions.metrics.values():
        yield from (frozenset((metric.id, g)) for g in metric.guardrails)


def _together(
    theirs: Sequence[tuple[Section, set[str]]], joined: set[frozenset[str]]
) -> tuple[tuple[str, ...], ...]:
    """Titles of one person's sections, those that hang together in one group."""
    groups: list[list[tuple[Section, set[str]]]] = []
    for section, metrics in theirs:
        near = [
            g
            for g in groups
            if any(
                (section.node is not None and section.node == other.node)
                or any(frozenset((a, b)) in joined for a in metrics for b in own)
                for other, own in g
            )
        ]
        groups = [g for g in groups if g not in near]
        groups.append([*(each for g in near for each in g), (section, metrics)])
    return tuple(tuple(s.title for s, _ in group) for group in groups)


# --- decisions -------------------------------------------------------------------------------


def assignment(
    owners: Owners,
    definitions: Definitions,
    metric: str,
    person: str,
    *,
    by: str,
    today: date,
    because: str,
    start: date | None = None,
    seen: int | None = None,
) -> Statement:
    """A metric given to its one owner, from a day on.

    Args:
        owners: As they stand.
        definitions: Of the workspace.
        metric: Its id.
        person: Handle of the new owner.
        by: Who decides: somebody who may assign owners, or the owner who hands it over.
        today: Where the company is.
        because: The reason; a metric is not handed over silently.
        start: First day; by default today.
        seen: Newest fact about the metric that the author saw; by default the newest there is.

    Raises:
        UnknownNameError: No such metric or person.
        NotAllowedError: The author may not, or the person may not own.
        DecisionError: There is no reason, the metric is retired, or the day rewrites the past.
    """
    declared_metric = declared(definitions, metric)
    name = declared_metric.name
    if declared_metric.retired:
        raise DecisionError(f"{name} is retired: it is kept with its history, and nobody answers for it.")
    first = start or today
    now = owners.at(metric, today)
    _may_give(definitions, by, now, name)
    handle = _possible_owner(owners, definitions, person, first, f"own {name}")
    reason = said(because, "the reason", why=f"{name} is not handed over silently: say why.")
    then = owners.at(metric, first)
    if then.owner == handle and then.standing != "proposed" and now.coming is None:
        raise DecisionError(f"{named(definitions, handle)} owns {name} already, since {then.since}.")
    if now.owner is not None and now.since is not None and first < now.since:
        raise DecisionError(
            f"{named(definitions, now.owner)} has owned {name} since {now.since}, so it cannot go over on "
            f"{first}: what was is not rewritten. Name {now.since} or a later day."
        )
    body = {"person": handle, "from": first.isoformat(), "before": then.owner}
    return Statement("owner.assigned", metric, body, reason, now.fact if seen is None else seen)


def acceptance(
    owners: Owners, definitions: Definitions, metric: str, *, by: str, today: date, seen: int | None = None
) -> Statement:
    """The new owner's yes.

    Raises:
        DecisionError: There is nothing to accept.
        NotAllowedError: It is another one's to accept.
    """
    name = declared(definitions, metric).name
    somebody(definitions, by, "who accepts")
    waiting = [s for s in owners.stretches(metric) if not s.accepted and (s.last is None or s.last >= today)]
    if not waiting:
        raise DecisionError(f"{name} waits for nobody to accept it.")
    mine = next((s for s in waiting if s.owner == by), None)
    if mine is None:
        awaited = listed([named(definitions, s.owner) for s in waiting], "or")
        raise NotAllowedError(
            f"{named(definitions, by)} cannot accept {name}: it was given to {awaited}, who must say so."
        )
    expects = owners.at(metric, today).fact if seen is None else seen
    return Statement("owner.accepted", metric, {"person": by, "assignment": mine.fact}, "", expects)


def deputising(
    owners: Owners,
    definitions: Definitions,
    metric: str,
    person: str | None,
    *,
    by: str,
    today: date,
    until: date | None,
    start: date | None = None,
    because: str = "",
    seen: int | None = None,
) -> Statement:
    """A deputy from one day to another, or the end of one (`person` None).

    Raises:
        DecisionError: There is no last day, or it lies before the first; the deputy is the owner.
        NotAllowedError: The author may not, or the person may not speak.
    """
    name = declared(definitions, metric).name
    now = owners.at(metric, today)
    _may_give(definitions, by, now, name)
    expects = now.fact if seen is None else seen
    first = start or today
    if person is None:
        if now.deputy is None:
            raise DecisionError(f"{name} has no deputy today. There is nothing to end.")
        body = {"person": None, "from": first.isoformat(), "until": None}
        return Statement("owner.deputy", metric, body, because.strip(), expects)
    if now.owner is None:
        raise DecisionError(f"Nobody owns {name}, so nobody can stand in. Assign an owner first.")
    handle = _possible_owner(owners, definitions, person, first, f"stand in for {name}")
    if handle == owners.at(metric, first).owner:
        raise DecisionError(f"{named(definitions, handle)} owns {name} and cannot be the own deputy.")
    if until is None:
        raise DecisionError(f"A deputy for {name} needs a last day. Say until when.")
    if first < today:
        raise DecisionError(f"A deputy cannot begin in the past: {first}. Name {today} or a later day.")
    if until < first:
        raise DecisionError(f"The deputy's last day {until} lies before the first, {first}. Swap them.")
    body = {"person": handle, "from": first.isoformat(), "until": until.isoformat()}
    return Statement("owner.deputy", metric, body, because.strip(), expects)


def leaving(
    owners: Owners, definitions: Definitions, person: str, *, by: str, on: date | None, because: str = ""
) -> Statement:
    """Somebody leaves: `on` is the first day without them. None: it was a mistake, they stay or came back.

    Raises:
        NotAllowedError: The author may not assign owners.
        UnknownNameError: No such person.
    """
    checked(definitions, by, "assign_owner")
    handle = somebody(definitions, person, "who leaves")
    expects = owners.newest_of(handle)
    if on is None:
        if handle not in owners.gone:
            raise DecisionError(f"{named(definitions, handle)} has not left.")
        return Statement("owner.returned", PERSON + handle, {}, because.strip(), expects)
    return Statement("owner.left", PERSON + handle, {"on": on.isoformat()}, because.strip(), expects)


def preview(
    owners: Owners,
    definitions: Definitions,
    metrics: Sequence[str],
    person: str,
    *,
    by: str,
    today: date,
    because: str = "preview",
    start: date | None = None,
) -> tuple[Planned, ...]:
    """What giving many metrics to one person would do to each; nothing is decided yet."""
    planned = []
    for metric in dict.fromkeys(metrics):
        before = owners.at(metric, today).owner
        refused = ""
        try:
            assignment(owners, definitions, metric, person, by=by, today=today, because=because, start=start)
        except (DecisionError, UnknownNameError) as error:
            refused = str(error)
        planned.append(Planned(metric, before, person, refused))
    return tuple(planned)


def metrics_of_section(definitions: Definitions, section: str, deck: str | None = None) -> tuple[str, ...]:
    """The metrics that a section of a deck is about, in its order.

    Raises:
        UnknownNameError: The deck has no such section.
    """
    name = deck or next(iter(definitions.decks), "")
    if name not in definitions.decks:
        raise UnknownNameError(f"{name!r} is not among decks. {hint(name, definitions.decks)}")
    titles = {s.title: s for s in definitions.decks[name].sections}
    if section not in titles:
        raise UnknownNameError(f"{section!r} is no section of {name}. {hint(section, titles)}")
    about = (next(iter(metrics_in(b)), None) for b in titles[section].blocks)
    return tuple(dict.fromkeys(m for m in about if m))


def _may_give(definitions: Definitions, by: str, now: Ownership, name: str) -> None:
    """Refuse who may neither assign owners nor hand this metric over."""
    if by == now.owner and may(definitions, by, "hand_over"):
        return
    if by != now.owner and may(definitions, by, "hand_over") and not may(definitions, by, "assign_owner"):
        owner = f"{named(definitions, now.owner)} or " if now.owner else ""
        raise NotAllowedError(
            f"{named(definitions, by)} does not own {name} and cannot hand it over: {owner}somebody who may "
            "assign owners can."
        )
    checked(definitions, by, "assign_owner")


def _possible_owner(owners: Owners, definitions: Definitions, person: str, day: date, doing: str) -> str:
    """A person who may speak for a metric from a day on.

    Raises:
        NotAllowedError: An analyst prepares and never owns; a listener only reads; who has left is gone.
    """
    handle = somebody(definitions, person, "the owner")
    known = definitions.people.get(handle)
    name = named(definitions, handle)
    if known and "analyst" in known.roles:
        raise NotAllowedError(
            f"{name} is an analyst and cannot {doing}: an analyst prepares a metric and never owns it. "
            "Name the business person who explains it."
        )
    if known and set(known.roles) == {"listener"}:
        raise NotAllowedError(f"{name} only listens and cannot {doing}. Name somebody who may speak.")
    if owners.has_left(handle, day):
        raise NotAllowedError(f"{name} left on {owners.gone[handle]} and cannot {doing}. Name somebody else.")
    return handle


def with_owners(definitions: Definitions, owners: Owners, day: date) -> Definitions:
    """The definitions with the owners of one day in place of the proposed ones: what a deck is built from."""
    changed = {o.metric: o.owner for o in owners.all(day) if o.owner != o.proposed}
    if not changed:
        return definitions
    metrics = {
        name: metric.model_copy(update={"owner": changed[name]}) if name in changed else metric
        for name, metric in definitions.metrics.items()
    }
    return definitions.model_copy(update={"metrics": metrics})
