"""Commands of Monday morning: prepare the week, send the decks, say what was sent."""

import os
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from metrics.cli.shared import (
    By,
    DeckName,
    Folder,
    Form,
    Format,
    Week,
    a_week,
    app,
    opened,
    print_json,
    shown_progress,
    somebody,
)
from metrics.reviews.deliveries import WORDS, Delivery
from metrics.reviews.readiness import Readiness, gates, page
from metrics.text import counted
from metrics.workspace import Workspace
from metrics.workspace.sending import Post, Posted, Sending

SHOWN = 40  # Deliveries listed, the newest first.


@app.command()
def prepare(
    week: Annotated[str, typer.Option(help="Last day of the newest week, or `latest`.")] = "latest",
    weeks: Annotated[
        int | None,
        typer.Option(help="How many weeks up to it; by default `prepare.weeks`, or 6.", min=1, max=60),
    ] = None,
    gate: Annotated[
        list[str] | None,
        typer.Option(
            "--gate",
            help="A gate that counts: late, refused, certified_changed, no_owner, not_built, or none; "
            "by default those of `prepare.gates`.",
        ),
    ] = None,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Load the good rows of a source and keep the refused cells.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait while another run prepares the same workspace.")] = True,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Load all sources, judge, forecast, test links, build every deck and its files; say what is amiss.

    Exits with 1 if a gate is closed. Safe to run twice, also at once.
    """
    chosen = opened(workspace)
    counted_gates = gates(gate or (), chosen.definitions.prepare.gates)
    wanted = None if week == "latest" else a_week(week, chosen)
    started = time.monotonic()
    waiting = {} if wait else {"patience": 0.0}
    with (
        chosen.preparing.alone(lambda words: typer.echo(words, err=True), **waiting),
        shown_progress("Preparing") as progress,
    ):
        told = chosen.preparing.prepare(
            wanted,
            weeks=weeks,
            gates=counted_gates,
            keep_good=keep_good,
            by=by or somebody(),
            progress=progress,
        )
    taken = time.monotonic() - started
    if form is Form.json:
        print_json(readiness_form(told, taken))
    else:
        typer.echo(f"{page(told)} It took {taken:.1f} s.")
    if not told.ready:
        raise SystemExit(1)


def readiness_form(told: Readiness, taken: float) -> dict[str, Any]:
    """What was prepared and found, for other programs."""
    return {
        **asdict(told),
        "week_ending": told.week_ending.isoformat(),
        "at": told.at.isoformat(),
        "closed": told.closed,
        "ready": told.ready,
        "seconds": round(taken, 3),
    }


@app.command()
def send(
    week: Week = "latest",
    name: Annotated[
        str | None, typer.Option("--deck", help="Id of the deck; by default every one that says how.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Only this person or channel; more than once for several."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send; without it nothing leaves.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Send again what nobody knows whether it arrived.")
    ] = False,
    log: Annotated[bool, typer.Option("--log", help="List what was sent; as `wbr deliveries`.")] = False,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Say who would get which deck; with --yes send it, by mail and to channels, to each reader once."""
    chosen = opened(workspace)
    sending = Sending(chosen, os.environ)
    if log:
        tell_deliveries(chosen, sending.deliveries(), form)
        return
    posts = sending.plan(a_week(week, chosen), name, to or (), again=again)
    done: list[Posted] = []
    with shown_progress("Sending") as progress:
        for each in sending.send(posts, by=by or somebody()) if yes else ():
            done.append(each)
            progress(each.post.name, len(done) / len(posts))
    if form is Form.json:
        outcome = {id(each.post): each for each in done}
        print_json({"sent": yes, "posts": [{**post_form(p), **_came(outcome.get(id(p)))} for p in posts]})
    else:
        tell_posts(posts, done, sent=yes)
    if any(each.state not in ("delivered", "skipped") for each in done) or (
        yes and any(p.wrong for p in posts)
    ):
        raise SystemExit(1)


def tell_posts(posts: tuple[Post, ...], done: list[Posted], *, sent: bool) -> None:
    """A line for each reader, then what to do."""
    outcome = {id(each.post): each for each in done}
    for post in posts:
        edition = f"edition {post.address.edition}" if post.address.edition else "not published"
        what = f"{post.address.deck} {post.address.week_ending}, {edition}"
        who = f"{post.name} <{post.where}>" if post.address.way == "mail" else f"channel {post.name}"
        came = outcome.get(id(post))
        if came is not None:
            said = WORDS.get(came.state, came.state)  # type: ignore[call-overload]  # `skipped` has no word of its own.
            state = f"{said}: {came.told}" if came.told else said
        else:
            state = post.obstacle or f"would get it ({post.form})"
        typer.echo(f"{what}: {who}: {state}")
    if not posts:
        typer.echo("Nobody is to be told.")
    elif not sent:
        count = sum(not post.obstacle for post in posts)
        typer.echo(f"Nothing was sent. {counted(count, 'delivery')} would be: wbr send --yes")


def post_form(post: Post) -> dict[str, Any]:
    """One post, for other programs."""
    return {
        "deck": post.address.deck,
        "week_ending": post.address.week_ending.isoformat(),
        "edition": post.address.edition or None,
        "way": post.address.way,
        "to": post.address.to,
        "name": post.name,
        "form": post.form,
        "obstacle": post.obstacle or None,
    }


def _came(came: Posted | None) -> dict[str, Any]:
    if came is None:
        return {"state": None, "told": None, "tries": 0}
    return {"state": came.state, "told": came.told or None, "tries": came.tries}


@app.command("deliveries")
def all_deliveries(
    name: DeckName = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """List which deck was sent to whom, and what came of it; the newest first."""
    chosen = opened(workspace)
    told = Sending(chosen, {}).deliveries()
    tell_deliveries(chosen, tuple(d for d in told if name in (None, d.address.deck)), form)


def tell_deliveries(workspace: Workspace, told: tuple[Delivery, ...], form: Form) -> None:
    """What was sent, a line each."""
    if form is Form.json:
        print_json({"deliveries": [delivery_form(each) for each in told]})
        return
    zone = workspace.now().tzinfo
    for each in told[:SHOWN]:
        address = each.address
        edition = f"edition {address.edition}" if address.edition else "not published"
        why = f": {each.told}" if each.told else ""
        typer.echo(
            f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}  {address.deck} {address.week_ending}, {edition}  "
            f"{address.way} to {address.to} ({each.form})  {WORDS[each.state]}{why}"
        )
    if len(told) > SHOWN:
        typer.echo(f"The newest {SHOWN} of {len(told):,}; all of them: --format json")
    if not told:
        typer.echo("Nothing was sent yet.")


def delivery_form(each: Delivery) -> dict[str, Any]:
    """One delivery, for other programs."""
    address = each.address
    return {
        "deck": address.deck,
        "week_ending": address.week_ending.isoformat(),
        "edition": address.edition or None,
        "way": address.way,
        "to": address.to,
        "form": each.form,
        "state": each.state,
        "at": each.at.isoformat(),
        "by": each.by,
        "told": each.told or None,
        "tries": each.tries,
    }
