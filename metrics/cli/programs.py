"""Commands for other programs: tokens that let them in, and the server for assistants."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from metrics.api.kept import Kept
from metrics.cli.shared import (
    By,
    Folder,
    Form,
    Format,
    Reason,
    a_day,
    app,
    found,
    opened,
    print_json,
    somebody,
)
from metrics.reviews.tokens import Token
from metrics.workspace import Workspace

tokens = typer.Typer(help="Make, list and take back tokens: what lets a program in.", no_args_is_help=True)
app.add_typer(tokens, name="token")


@tokens.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for: `nightly export`.")],
    person: Annotated[str, typer.Option("--for", help="Handle of the person in whose name it acts.")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="`read`, or `push:SOURCE`; repeat it for several.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="Last day on which it lets anybody in; by default it never ends.")
    ] = None,
    by: By = None,
    workspace: Folder = None,
    form: Format = Form.text,
) -> None:
    """Make a token and print it, this once. The journal keeps its hash only."""
    chosen = opened(workspace)
    day = a_day(expires)
    zone = ZoneInfo(chosen.definitions.company.time_zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone) if day else None
    token, secret = chosen.tokens.issue(name, person, scope or ["read"], by=by or somebody(), expires=ends)
    if form is Form.json:
        print_json({**token_form(chosen, token), "token": secret})
        return
    typer.echo(secret)
    typer.echo(
        f"Token {token.id} ({token.name}) acts in the name of {token.person}: {', '.join(token.scopes)}. "
        f"It is shown this once. To take it back: wbr token revoke {token.id}",
        err=True,
    )


@tokens.command("list")
def listed(workspace: Folder = None, form: Format = Form.text) -> None:
    """Every token ever made: for whom, what it may, when it was last used, whether it lets anybody in."""
    chosen = opened(workspace)
    rows = [token_form(chosen, token) for token in chosen.tokens.all()]
    if form is Form.json:
        print_json({"rows": rows})
        return
    if not rows:
        typer.echo("No token was made. Make one: wbr token create NAME --for PERSON")
    for row in rows:
        used = f"last used {row['last_used'][:16]}" if row["last_used"] else "never used here"
        ends = f", until {row['expires'][:16]}" if row["expires"] else ""
        typer.echo(
            f"{row['id']}  {row['state']:<8}  {row['name']}: {row['person']}, {', '.join(row['scopes'])}"
            f"{ends}; made by {row['by']} on {row['at'][:10]}, {used}"
        )


@tokens.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="Its id, as `wbr token list` prints it.")],
    because: Reason = "",
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Take a token back, at once and for good."""
    gone = opened(workspace).tokens.revoke(token, by=by or somebody(), because=because)
    typer.echo(f"Token {gone.id} ({gone.name}) lets nobody in any more.")


def token_form(workspace: Workspace, token: Token) -> dict[str, Any]:
    """A token, for other programs; without its hash."""
    used = workspace.tokens.last_used(token.id)
    return {
        "id": token.id,
        "name": token.name,
        "person": token.person,
        "scopes": list(token.scopes),
        "state": token.standing(workspace.definitions, workspace.moment()),
        "by": token.by,
        "at": token.at.isoformat(timespec="seconds"),
        "expires": token.expires.isoformat(timespec="seconds") if token.expires else None,
        "revoked": token.revoked.isoformat(timespec="seconds") if token.revoked else None,
        "revoked_by": token.revoked_by or None,
        "because": token.because or None,
        "last_used": used.isoformat(timespec="seconds") if used else None,
    }


@app.command()
def mcp(
    person: Annotated[
        str | None,
        typer.Option("--as", help="Handle of the person whose eyes it has; else what everybody may see."),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve on this machine over HTTP, with tokens, in place of stdio.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port for --http.", min=1, max=65535)] = 8502,
    workspace: Folder = None,
) -> None:
    """Serve the review to an assistant, read-only: decks, signals, drivers, links, answers, goals."""
    from metrics.api import tools  # Here: the protocol takes a second to import.

    folder = found(workspace)
    house = Kept(folder, lambda: opened(folder))
    house()  # Mistakes in its files are told before anybody asks.
    if not http:
        tools.serve_stdio(house, person)
    elif person is not None:
        raise typer.BadParameter("over HTTP each token says whose eyes it has. Leave --as out.")
    else:
        typer.echo(f"Assistants find the review at http://127.0.0.1:{port}/mcp, with a token.", err=True)
        tools.serve_http(house, port)
