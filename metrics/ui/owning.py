"""The owners page: who answers for which metric, assigning and handing over, what changed."""

from datetime import date, timedelta
from html import escape

import pandas as pd
import streamlit as st

from metrics import text
from metrics.definitions import Definitions, metrics_in
from metrics.export.csv import inert
from metrics.export.formats import printable
from metrics.owners import Owners, Ownership, Planned
from metrics.ui import markup, state, who, words
from metrics.ui.acting import act, clicked, draft, note_click, person_list, told
from metrics.ui.frame import Page, hint
from metrics.ui.sheet import sheet

VIEWS = {"owners": "Owners", "mine": "My metrics", "quarter": "Quarterly review", "changes": "Hand-overs"}
STANDING = {
    "proposed": "as declared",
    "waiting": "waits for a yes",
    "accepted": "accepted",
    "nobody": "nobody",
}
COLUMNS = {
    "metric": "Metric",
    "kind": "Kind",
    "section": "Section",
    "node": "Node",
    "owner": "Owner",
    "standing": "Standing",
    "since": "Since",
    "deputy": "Deputy",
    "coming": "Coming",
    "declared": "Declared owner",
}
OVERTAKEN = (
    "Somebody was first: the owner is another one than your page showed. Nothing of yours was written. "
    "Look at what will change now, then click again."
)
HEIGHT = 430  # Pixels of the table; it scrolls inside.


def owners_view(page: Page) -> str:
    """Which part of the page is asked for: `owners`, `mine` or `changes`."""
    asked = st.query_params.get("view", "")
    default = asked if asked in VIEWS else "mine" if who.chosen(page) and _own(page) else "owners"
    st.session_state["owners view"] = default
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=lambda v: VIEWS[v],
        key="owners view",
        label_visibility="collapsed",
        on_change=_viewed,
    )
    told()
    return default


def _viewed() -> None:
    if chosen := st.session_state["owners view"]:
        state.put(view=chosen)


def _own(page: Page) -> tuple[str, ...]:
    person = who.chosen(page)
    loop = page.workspace.loop
    return loop.owning.owners().of(person, loop.today) if person else ()


# --- the table --------------------------------------------------------------------------------


def owners_table(page: Page) -> str | None:
    """Every metric with its owner; chosen rows can be assigned together."""
    loop, definitions = page.workspace.loop, page.workspace.definitions
    owners, today = loop.owning.owners(), loop.today
    asked = sheet(_summary(owners, definitions, today), key="owners summary").metric
    rows = _rows(owners, definitions, today)
    shown = _filtered(rows)
    hint(f"{len(shown)} of {len(rows)} metrics. Tick rows to assign, hand over or name a deputy.")
    picked = st.dataframe(
        shown.drop(columns="id").rename(columns=COLUMNS),
        hide_index=True,
        height=min(HEIGHT, 38 + 35 * max(len(shown), 1)),
        on_select="rerun",
        selection_mode="multi-row",
        key="owners",
    )
    rows_picked = [r for r in picked.selection.rows if r < len(shown)]
    chosen = [str(shown.iloc[r]["id"]) for r in rows_picked]
    st.download_button(
        "Owners as CSV",
        data=_as_csv(rows),
        file_name=f"owners-{today}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
    if chosen:
        _assigning(page, chosen)
    _leaving(page, owners)
    return asked


def _as_csv(rows: pd.DataFrame) -> bytes:
    """The table as a file, in which a name that begins as a formula does is a word."""
    told = rows.rename(columns=COLUMNS)
    safe = told.map(lambda cell: inert(printable(cell)) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False).encode("utf-8-sig")


def _summary(owners: Owners, definitions: Definitions, today: date) -> str:
    every = owners.all(today)
    nobody = [o for o in every if o.owner is None]
    waiting = [o for o in every if o.standing == "waiting"]
    line = f"{len(every) - len(nobody)} of {len(every)} metrics have an owner"
    facts: list[tuple[str, str | None]] = []

    def names(found: list[Ownership]) -> str:
        return text.listed(markup.metric_link(o.metric, definitions.metrics[o.metric].name) for o in found)

    if nobody:
        facts.append(("Without an owner", f"{names(nobody)}. They are in no deck until somebody owns them."))
    if waiting:
        facts.append(("Wait for a yes", names(waiting)))
    if differs := list(owners.differences(today)):
        facts.append(
            ("Other than declared", f"{names(differs)}. The journal decides; mend the YAML when you can.")
        )
    for spread in owners.unrelated(today):
        groups = "; ".join(escape(text.listed(group)) for group in spread.groups)
        name = escape(words.person(spread.person, definitions))
        facts.append(
            ("Unrelated sections", f"{name} answers for sections that have little in common: {groups}")
        )
    for person, day in owners.gone.items():
        own = [o for o in every if o.left == person]
        rest = f": {names(own)} wait for a new owner" if own else ""
        facts.append(("Left", f"{escape(words.person(person, definitions))}, from {words.day(day)}{rest}"))
    coverage = [
        (
            c.name,
            f"{len(c.metrics) - len(c.without)} of {len(c.metrics)}",
            ", ".join(definitions.metrics[m].name for m in c.without) or "—",
        )
        for c in owners.coverage(today)
    ]
    table = markup.table(
        "Coverage", ("Flywheel node", "Owned", "Without an owner"), coverage, left=("Without an owner",)
    )
    load = [(words.person(p, definitions), str(n)) for p, n in owners.load(today).items()]
    people = markup.table("Load", ("Person", "Metrics"), load)
    return (
        f'<div class="w-title"><h1>Owners</h1><p>{escape(line)}</p></div>'
        f"{markup.facts(facts)}"
        '<details class="w-more"><summary>Coverage per node, and load per person</summary>'
        f'<div class="w-pair w-half"><div>{people}</div><div>{table}</div></div></details>'
    )


def _rows(owners: Owners, definitions: Definitions, today: date) -> pd.DataFrame:
    section = {
        m: s.title
        for deck in reversed(list(definitions.decks.values()))
        for s in deck.sections
        for b in s.blocks
        for m in list(metrics_in(b))[:1]
    }
    node = {m: n.name for n in definitions.nodes for m in n.metrics}

    def person(handle: str | None) -> str:
        return words.person(handle, definitions) if handle else ""

    return pd.DataFrame(
        [
            {
                "id": o.metric,
                "metric": definitions.metrics[o.metric].name,
                "kind": definitions.metrics[o.metric].kind,
                "section": section.get(o.metric, ""),
                "node": node.get(o.metric, ""),
                "owner": person(o.owner),
                "standing": STANDING[o.standing] if o.left is None else f"{person(o.left)} left",
                "since": words.day(o.since) if o.since else "",
                "deputy": f"{person(o.deputy)} until {o.deputy_until}" if o.deputy else "",
                "coming": f"{person(o.coming[0])} from {o.coming[1]}" if o.coming else "",
                "declared": person(o.proposed) if o.differs else "",
            }
            for o in owners.all(today)
        ],
        columns=["id", *COLUMNS],
    )


def _filtered(rows: pd.DataFrame) -> pd.DataFrame:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        find = st.text_input("Find", placeholder="Name, person, section, node", key="owners find", width=260)
        section = st.selectbox(
            "Section", ["", *dict.fromkeys(s for s in rows["section"] if s)], key="owners section", width=200
        )
        person = st.selectbox(
            "Owner", ["", *sorted({o for o in rows["owner"] if o})], key="owners person", width=200
        )
        open_ = st.toggle("Only what is open", key="owners open", help="Nobody owns it, or a yes is missing")
    keep = pd.Series(True, index=rows.index)
    if find.strip():
        folded = rows.drop(columns="id").agg(" ".join, axis=1).str.casefold()
        for word in find.casefold().split():
            keep &= folded.str.contains(word, regex=False)
    if section:
        keep &= rows["section"] == section
    if person:
        keep &= rows["owner"] == person
    if open_:
        keep &= (rows["owner"] == "") | (rows["standing"] == STANDING["waiting"])
    return rows[keep]


# --- assigning --------------------------------------------------------------------------------


def _assigning(page: Page, chosen: list[str]) -> None:
    loop, definitions = page.workspace.loop, page.workspace.definitions
    names = text.listed(definitions.metrics[m].name for m in chosen[:4])
    more = f" and {len(chosen) - 4} more" if len(chosen) > 4 else ""
    st.subheader(f"{words.plain(names)}{more}", anchor=False)
    give, deputy, history = st.tabs(["Assign or hand over", "Deputy", "History"])
    with give:
        _give(page, chosen)
    with deputy:
        if len(chosen) > 1:
            hint("Choose one metric for a deputy.")
        else:
            _deputy(page, chosen[0])
    with history:
        for metric in chosen:
            sheet(_history(page, metric), key=f"history {metric}")
    waiting = [m for m in chosen if loop.owning.of(m).standing == "waiting"]
    if waiting and st.button(f"Accept {text.counted(len(waiting), 'metric')}", key="accept"):
        act(page, lambda by: [loop.owning.accept(m, by=by) for m in waiting], "Accepted.")


def _give(page: Page, chosen: list[str]) -> None:
    loop = page.workspace.loop
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = person_list(page, "New owner", "give person")
        start = st.date_input("From", value=loop.today, min_value=loop.today, key="give from", width=150)
    subject = "assign:" + ",".join(chosen)[:300]
    because = draft(page, "Why", subject, holder="Kept with the hand-over, and told to the new owner")
    by = who.chosen(page)
    if person is None:
        return
    if by is None:
        hint(who.nobody(page))
        return
    planned = loop.owning.preview(chosen, person, by=by, start=start)
    changes = [p for p in planned if not p.refused]
    sheet(_planned(page, planned), key="planned")
    label = f"Assign {text.counted(len(changes), 'metric')}"
    shown = tuple((p.metric, p.before) for p in planned)
    st.button(label, key="give go", disabled=not changes, on_click=note_click, args=("give", shown))
    if clicked("give", shown, OVERTAKEN):
        act(
            page,
            lambda who_: loop.owning.assign_many(
                [p.metric for p in changes], person, because, by=who_, start=start
            ),
            f"{text.counted(len(changes), 'metric')} assigned; the new owner accepts.",
            [subject],
        )


def _planned(page: Page, planned: tuple[Planned, ...]) -> str:
    definitions = page.workspace.definitions
    rows = [
        (
            definitions.metrics[p.metric].name,
            words.person(p.before, definitions) if p.before else "nobody",
            p.refused or words.person(p.after, definitions),
        )
        for p in planned
    ]
    return markup.table("What will change", ("Metric", "Now", "Then"), rows, left=("Now", "Then"))


def _deputy(page: Page, metric: str) -> None:
    loop = page.workspace.loop
    now = loop.owning.of(metric)
    if now.deputy:
        name = words.person(now.deputy, page.workspace.definitions)
        last = words.day(now.deputy_until) if now.deputy_until else "further notice"
        hint(f"{name} stands in until {last}.")
        if st.button("End it", key="deputy end"):
            act(page, lambda by: loop.owning.deputise(metric, None, by=by), "Ended.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = person_list(page, "Deputy", "deputy person")
        start = st.date_input("From", value=loop.today, min_value=loop.today, key="deputy from", width=150)
        until = st.date_input("Until", value=loop.today + timedelta(weeks=2), key="deputy until", width=150)
        if st.button("Name the deputy", key="deputy go"):
            act(
                page,
                lambda by: loop.owning.deputise(metric, person, by=by, start=start, until=until),
                "The deputy speaks for it on these days.",
            )


def _history(page: Page, metric: str) -> str:
    definitions = page.workspace.definitions
    owners = page.workspace.loop.owning.owners()
    rows = [
        (
            words.person(s.owner, definitions) if s.owner else "nobody",
            words.day(s.first) if s.first else "the start",
            words.day(s.last) if s.last else "today",
            words.person(s.by, definitions) if s.by else "declared",
            s.because,
            "" if s.accepted else "not accepted",
        )
        for s in owners.stretches(metric)[::-1]
    ]
    columns = ("Owner", "From", "To", "Decided by", "Why", "")
    title = definitions.metrics[metric].name
    return markup.block(title, markup.table(f"Owners of {title}", columns, rows, left=columns[1:]))


def _leaving(page: Page, owners: Owners) -> None:
    loop, definitions = page.workspace.loop, page.workspace.definitions
    with st.expander("Somebody leaves: hand over all their metrics", icon=":material/logout:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            person = person_list(page, "Who", "leaving person")
            day = st.date_input("First day without them", value=loop.today, key="leaving day", width=190)
            heir = person_list(page, "Who takes their metrics", "leaving heir")
        because = draft(page, "Why", "leaving")
        if person is None:
            return
        own = loop.owning.of_person(person)
        name = words.person(person, definitions)
        hint(f"{name} answers for {text.counted(len(own), 'metric')}.")
        a, b, c = st.columns(3)
        if own and heir and a.button(f"Hand over {text.counted(len(own), 'metric')}", key="leaving give"):
            act(
                page,
                lambda by: loop.owning.assign_many(own, heir, because, by=by, start=max(day, loop.today)),
                "Handed over.",
                ["leaving"],
            )
        if person not in owners.gone and b.button("Note that they leave", key="leaving go"):
            act(
                page, lambda by: loop.owning.leave(person, day, by=by, because=because), "Noted.", ["leaving"]
            )
        if person in owners.gone and c.button("They stay, or came back", key="leaving back"):
            act(
                page,
                lambda by: loop.owning.leave(person, None, by=by, because=because),
                "Noted.",
                ["leaving"],
            )


# --- what changed -----------------------------------------------------------------------------


def owner_changes(page: Page) -> str | None:
    """Every decision about owners, newest first."""
    definitions = page.workspace.definitions
    facts = [f for f in page.workspace.loop.chronicle.facts() if f.kind.startswith("owner.")][::-1]
    rows = [
        (
            words.moment(f.at),
            definitions.metrics[f.subject].name if f.subject in definitions.metrics else "",
            _told(f.kind, str(f.body.get("person") or ""), f.subject, definitions),
            f"from {f.body['from']}" if f.body.get("from") else "",
            words.person(f.author, definitions),
            f.because,
        )
        for f in facts[:200]
    ]
    columns = ("When", "Metric", "What", "Effective", "By", "Why")
    inside = markup.table("Hand-overs", columns, rows, left=columns[1:]) if rows else ""
    nothing = "" if rows else "Nobody has been assigned since the metrics were declared."
    return sheet(markup.block("Hand-overs", inside, nothing), key="changes").metric


def _told(kind: str, person: str, subject: str, definitions: Definitions) -> str:
    name = words.person(person, definitions) if person else ""
    match kind:
        case "owner.assigned":
            return f"{name} is the owner"
        case "owner.accepted":
            return f"{name} said yes"
        case "owner.deputy":
            return f"{name} stands in" if name else "the deputy ends"
        case "owner.left":
            return f"{words.person(subject.partition(':')[2], definitions)} leaves"
        case "owner.returned":
            return f"{words.person(subject.partition(':')[2], definitions)} stays"
        case _:
            return kind
