"""Commands of the weekly loop: owners, answers, certification, states, publishing, reminders."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from metrics.cli.shared import (
    By,
    DeckName,
    Despite,
    Folder,
    Form,
    Format,
    Reason,
    Week,
    a_day,
    a_week,
    app,
    opened,
    print_json,
    somebody,
)
from metrics.errors import NotifyError
from metrics.reviews.editions import Edition
from metrics.reviews.week_states import Owed
from metrics.text import counted
from metrics.workspace import Workspace
from metrics.workspace.owning import owners_form


@app.command()
def owners(
    person: Annotated[str | None, typer.Option(help="Only what this person speaks for.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Who answers for what: one row per metric, then what is not in order."""
    chosen = opened(workspace)
    definitions, day = chosen.definitions, chosen.loop.today
    told = chosen.loop.owning.owners()
    rows = [o for o in told.all(day) if person is None or person in (o.owner, o.deputy, o.left)]
    if form is Form.json:
        print_json(owners_form(definitions, told, rows, day))
        return
    width = max((len(o.metric) for o in rows), default=0)
    for o in rows:
        deputy = f"; deputy {o.deputy} until {o.deputy_until}" if o.deputy else ""
        coming = f"; {o.coming[0]} from {o.coming[1]}" if o.coming else ""
        gone = f"; {o.left} left" if o.left else ""
        owner = f"{o.owner} ({o.standing}{f' since {o.since}' if o.since else ''})" if o.owner else "nobody"
        typer.echo(f"{o.metric:<{width}}  {owner}{deputy}{coming}{gone}")
    if person is None:
        for o in told.differences(day):
            typer.echo(f"{o.metric}: the definitions propose {o.proposed or 'nobody'}, it is {o.owner}.")
        for spread in told.unrelated(day):
            groups = "; ".join(", ".join(g) for g in spread.groups)
            typer.echo(f"{spread.person} owns metrics of sections that have little in common: {groups}.")


@app.command()
def assign(
    metric: Annotated[str, typer.Argument(help="Id of the metric, or `section:TITLE` for a whole section.")],
    person: Annotated[str, typer.Argument(help="Handle of the new owner or deputy.")],
    because: Reason = "",
    start: Annotated[str | None, typer.Option("--from", help="First day; by default today.")] = None,
    deputy: Annotated[bool, typer.Option("--deputy", help="Name a deputy instead of an owner.")] = False,
    until: Annotated[str | None, typer.Option(help="Last day of a deputy.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would change.")] = False,
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Give a metric to its one owner, or name a deputy."""
    chosen, who = opened(workspace), by or somebody()
    owning, first = chosen.loop.owning, a_day(start)
    if deputy:
        owning.deputise(metric, person, by=who, until=a_day(until), start=first, because=because)
        typer.echo(f"{person} is deputy for {metric} from {first or chosen.loop.today} until {until}.")
        return
    several = metric.startswith("section:")
    metrics = owning.of_section(metric.removeprefix("section:")) if several else (metric,)
    if preview:
        for each in owning.preview(metrics, person, by=who, start=first):
            typer.echo(f"{each.metric}: {each.refused or f'{each.before or chr(8212)} -> {each.after}'}")
        return
    if several:
        told = owning.assign_many(metrics, person, because, by=who, start=first)
    else:
        told = (owning.assign(metric, person, because, by=who, start=first),)
    for fact in told:
        typer.echo(f"{fact.subject}: {person} from {fact.body['from']}.")


@app.command()
def answer(
    metric: Annotated[str, typer.Argument(help="Id of the metric.")],
    kind: Annotated[str, typer.Argument(help="routine, explained, still_analysing or known_cause.")],
    text: Annotated[str, typer.Argument(help="What stands on the chart: at most 200 characters.")],
    due: Annotated[str | None, typer.Option(help="When still analysing: the day of the answer.")] = None,
    decided_by: Annotated[str | None, typer.Option(help="Of a known cause: who decided.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="Of an output: an input it follows.")
    ] = None,
    week: Week = "latest",
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Answer an exception with one of the four legal answers."""
    chosen = opened(workspace)
    chosen.loop.saying.answer(
        metric,
        kind,
        text,
        by=by or somebody(),
        week_ending=a_week(week, chosen),
        due=a_day(due),
        decided_by=decided_by,
        inputs=inputs or (),
    )
    typer.echo(f"{metric} is answered for the week ending {a_week(week, chosen)}.")


@app.command()
def certify(
    metrics: Annotated[
        list[str] | None, typer.Argument(help="Ids; by default all that the deck shows.")
    ] = None,
    but: Annotated[list[str] | None, typer.Option("--but", help="A metric left out.")] = None,
    dispute: Annotated[
        bool, typer.Option("--dispute", help="Dispute the metrics named, with a reason.")
    ] = False,
    withhold: Annotated[
        bool, typer.Option("--withhold", help="Leave them uncertified on purpose, with a reason.")
    ] = False,
    because: Reason = "",
    week: Week = "latest",
    name: DeckName = None,
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Certify, dispute or withhold the values of a week."""
    chosen, who = opened(workspace), by or somebody()
    certifying, ending = chosen.loop.certifying, a_week(week, chosen)
    if (dispute and withhold) or (metrics and but):
        raise typer.BadParameter(
            "One thing at a time: --dispute or --withhold, metrics by name or all --but some."
        )
    if dispute or withhold:
        if not metrics:
            raise typer.BadParameter("Name the metrics to dispute or to withhold.")
        act = certifying.dispute if dispute else certifying.withhold
        for metric in metrics:
            act(metric, because, by=who, week_ending=ending)
            typer.echo(f"{metric} is {'disputed' if dispute else 'left uncertified'}.")
        return
    if metrics:
        certifying.certify(metrics, by=who, week_ending=ending, because=because)
        typer.echo(f"{counted(len(metrics), 'value')} certified for the week ending {ending}.")
        return
    shown = chosen.loop.metrics_of(name)
    told, left = certifying.certify_all(shown, by=who, week_ending=ending, but=but or (), because=because)
    for metric, why in left.items():
        typer.echo(f"{metric}: {why}")
    typer.echo(f"{counted(len(told), 'value')} certified for the week ending {ending}.")


@app.command("week")
def the_week(
    to: Annotated[str | None, typer.Option(help="Move it to this state.")] = None,
    despite: Despite = "",
    week: Week = "latest",
    name: DeckName = None,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Say where a week stands, what is missing and who owes it; or move it on."""
    chosen = opened(workspace)
    loop, ending = chosen.loop, a_week(week, chosen)
    if to is not None:
        loop.move(to, by=by or somebody(), week_ending=ending, deck=name, despite=despite)
    stands, missing = loop.progress(ending, name), loop.missing(ending, name)
    if form is Form.json:
        print_json(
            {
                "deck": stands.deck,
                "week_ending": ending.isoformat(),
                "state": stands.state,
                "since": stands.since.isoformat() if stands.since else None,
                "next": stands.next,
                "due": loop.clock(stands.next, ending).isoformat() if stands.next else None,
                "missing": [owed_form(o) for o in missing],
            }
        )
        return
    typer.echo(loop.state_in_words(ending, name))
    if stands.next:
        due = loop.clock(stands.next, ending)
        typer.echo(f"Next: {stands.next.replace('_', ' ')}, due {due:%a %d %b %H:%M}.")
    for owed in missing:
        typer.echo(f"- {loop.in_words(owed)}")


def owed_form(owed: Owed) -> dict[str, Any]:
    """One thing owed, for other programs."""
    return {
        "what": owed.what,
        "kind": owed.kind,
        "who": list(owed.who),
        "role": owed.role,
        "metric": owed.metric,
        "due": owed.due.isoformat() if owed.due else None,
    }


@app.command()
def publish(
    week: Week = "latest",
    name: DeckName = None,
    because: Annotated[str, typer.Option("--because", help="Why there is another edition.")] = "",
    despite: Despite = "",
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Freeze a week's deck; what is published never changes."""
    chosen = opened(workspace)
    made = chosen.loop.publish(
        by=by or somebody(), week_ending=a_week(week, chosen), deck=name, because=because, despite=despite
    )
    if form is Form.json:
        print_json(edition_form(made))
        return
    typer.echo(
        f"{made.deck}, week ending {made.week_ending}, edition {made.number} is published: "
        f"{chosen.loop.publishing.folder / made.folder}"
    )


@app.command()
def published(
    week: Annotated[str | None, typer.Option(help="Last day of the week; by default all are listed.")] = None,
    name: DeckName = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; by default the newest.")] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Say what changed since, cell by cell.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the frozen HTML here.")] = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """List what was published, write a frozen deck to a file, or say what changed since."""
    chosen = opened(workspace)
    publishing = chosen.loop.publishing
    if week is None:
        told = publishing.editions(deck=name)
        if form is Form.json:
            print_json({"editions": [edition_form(e) for e in told]})
            return
        if not told:
            typer.echo("Nothing is published yet.")
        for e in told:
            why = f": {e.because}" if e.because else ""
            typer.echo(
                f"{e.deck} {e.week_ending} edition {e.number}, by {e.by} on {e.at:%Y-%m-%d %H:%M}{why}"
            )
        return
    ending = a_week(week, chosen)
    chosen_edition = publishing.edition(ending, name, edition)
    if output is not None:
        output.write_bytes(publishing.document(chosen_edition))
        typer.echo(f"Edition {chosen_edition.number} of {ending}: {output}", err=True)
    if changes:
        cells = chosen.loop.changes(ending, name, edition)
        if form is Form.json:
            print_json({"edition": edition_form(chosen_edition), "changes": [asdict(c) for c in cells]})
            return
        for c in cells:
            typer.echo(chosen.loop.changing.cell(c))
        typer.echo(f"{counted(len(cells), 'cell')} changed since edition {chosen_edition.number}.")
        return
    if output is None:
        publishing.verify(chosen_edition)
        if form is Form.json:
            print_json(edition_form(chosen_edition))
        else:
            number = chosen_edition.number
            typer.echo(f"{chosen_edition.deck} {ending} edition {number} is as it was published.")


def edition_form(edition: Edition) -> dict[str, Any]:
    """One edition, for other programs."""
    return {
        "deck": edition.deck,
        "week_ending": edition.week_ending.isoformat(),
        "edition": edition.number,
        "by": edition.by,
        "at": edition.at.isoformat(),
        "because": edition.because,
        "folder": edition.folder,
        "files": dict(edition.files),
        "store": edition.store,
        "journal": edition.journal,
        "missing": list(edition.missing),
    }


@app.command()
def audit(
    noted: Annotated[str, typer.Option(help="A version of the journal noted on an earlier day.")] = "",
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Hold the journal against its chain, and every published deck against its hashes."""
    told, broken = opened(workspace).loop.audit(noted)
    if form is Form.json:
        print_json({"ok": told.ok and not broken, **asdict(told), "editions": list(broken)})
    else:
        typer.echo("\n".join([told.sentence, *broken]))
        if told.version:
            typer.echo(f"Version: {told.version}")
    if not told.ok or broken:
        raise SystemExit(1)


@app.command()
def remind(
    week: Week = "latest",
    name: DeckName = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send mail and post to the webhook; without it nothing leaves.")
    ] = False,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """List who owes what; with --send tell them by mail ($WBR_SMTP) and webhook ($WBR_WEBHOOK)."""
    chosen = opened(workspace)
    told = chosen.loop.reminders(a_week(week, chosen), name)
    people = chosen.definitions.people
    sent = reminded(chosen, told, _openly(chosen, a_week(week, chosen), name)) if send else []
    if form is Form.json:
        print_json(
            {
                "week_ending": a_week(week, chosen).isoformat(),
                "sent": sent,
                "people": [
                    {
                        "person": person or None,
                        "email": people[person].email if person in people else None,
                        "owes": [owed_form(o) for o in owed],
                    }
                    for person, owed in told.items()
                ],
            }
        )
        return
    for person, owed in told.items():
        typer.echo(f"{people[person].name if person in people else person or 'Nobody in particular'}:")
        for each in owed:
            typer.echo(f"- {each.what}")
    if not told:
        typer.echo("Nobody owes anything.")
    elif not send:
        typer.echo("Nothing was sent. To tell them: wbr remind --send")
    for line in sent:
        typer.echo(line)


def _openly(workspace: Workspace, week: date, deck: str | None) -> Mapping[str, Sequence[Owed]]:
    """What a room that anybody may be in can be told: of decks and metrics that everybody may see."""
    name, view = workspace.loop.deck_named(deck), workspace.seen_by(None)
    return view.loop.reminders(week, name) if name in view.definitions.decks else {}


def reminded(
    workspace: Workspace, told: Mapping[str, Sequence[Owed]], openly: Mapping[str, Sequence[Owed]]
) -> list[str]:
    """Tell people what they owe, on every way that is set up; a line for each.

    Args:
        workspace: Whose.
        told: For each person's own mail.
        openly: For the webhook, behind which anybody may read.

    Raises:
        NotifyError: No way is set up, or one did not work.
    """
    from metrics import notify  # Here: no other command speaks to a server.

    definitions = workspace.definitions
    rules = definitions.notify

    def messages(told: Mapping[str, Sequence[Owed]]) -> list[notify.Message]:
        made = []
        for person, owed in told.items():
            known = definitions.people.get(person)
            lines = "\n".join(f"- {each.what}" for each in owed)
            subject = f"{definitions.company.name}: {counted(len(owed), 'thing')} before the review"
            name = known.name if known else "Nobody in particular"
            address = known.email or "" if known else ""
            made.append(notify.Message(address, name, f"{subject} ({name})", lines))
        return made

    mail, hook = os.environ.get(rules.smtp_env, ""), os.environ.get(rules.webhook_env, "")
    if not mail and not hook:
        raise NotifyError(
            f"No way to tell anybody is set up. Set ${rules.smtp_env} (smtps://user:password@host) or "
            f"${rules.webhook_env} (https://host/path), and name the host in notify.allowed_hosts."
        )
    done = []
    hosts = notify.Rules(rules.allowed_hosts, rules.inner_hosts)
    if mail:
        took = notify.mailed(messages(told), mail, rules.sender, hosts)
        done.append(f"Mailed to {', '.join(took) or 'nobody: no address is known'}.")
    if hook:
        count = notify.posted(messages(openly), hook, hosts)
        done.append(f"Posted {counted(count, 'message')} to the webhook.")
    return done
