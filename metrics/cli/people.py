"""Commands about people: who may do what, roles granted and taken away, logins ended."""

from typing import Annotated, Any

import typer

from metrics.cli.shared import By, Folder, Form, Format, app, opened, print_json, somebody
from metrics.reviews.duties import with_defaults
from metrics.reviews.rights import acts, all_roles, roles_with

Because = Annotated[str, typer.Option("--because", help="Why.")]
Handle = Annotated[str, typer.Argument(help="Handle of the person.")]
Role = Annotated[str, typer.Argument(help="The role: `wbr rights` lists them.")]

roles = typer.Typer(help="Grant a role, or take one away.", no_args_is_help=True)
app.add_typer(roles, name="role")


@app.command()
def rights(workspace: Folder = None, form: Format = Form.text) -> None:
    """Who may do what, and which roles people have now: declared, and granted since."""
    chosen = opened(workspace)
    granted, people = with_defaults(chosen.definitions), chosen.definitions.people
    holders: dict[str, Any] = {act: list(roles_with(granted, act)) for act in acts()}
    if form is Form.json:
        print_json({"acts": holders, "roles": {h: list(p.roles) for h, p in people.items()}})
        return
    if not people:
        typer.echo("No people are declared: whoever is at the dashboard may do everything.")
        return
    for act, words in acts().items():
        typer.echo(f"{words}: {_listed(holders[act]) or 'nobody'}")
    typer.echo("")
    for handle, person in people.items():
        typer.echo(f"{person.name} ({handle}): {_listed(person.roles) or 'listener'}")
    unheld = sorted(all_roles(chosen.definitions) - {r for p in people.values() for r in p.roles})
    if unheld:
        typer.echo(f"Nobody is: {_listed(unheld)}")


@roles.command("grant")
def grant(person: Handle, role: Role, because: Because = "", by: By = None, workspace: Folder = None) -> None:
    """Give somebody a role from now on."""
    opened(workspace).entering.grant(person, role, by=by or somebody(), because=because)
    typer.echo(f"{person} has the role {role}.")


@roles.command("revoke")
def revoke(
    person: Handle, role: Role, because: Because = "", by: By = None, workspace: Folder = None
) -> None:
    """Take a role away from now on; open pages lose it at their next run."""
    opened(workspace).entering.revoke(person, role, by=by or somebody(), because=because)
    typer.echo(f"{person} has the role {role} no more.")


@app.command("log-out")
def log_out(
    person: Annotated[str, typer.Argument(help="Handle of the person; * for everybody.")],
    because: Because = "",
    by: By = None,
    workspace: Folder = None,
) -> None:
    """Log somebody out everywhere: every login until now ends."""
    opened(workspace).entering.log_out(person, by=by or somebody(), because=because)
    typer.echo(f"{'Everybody' if person == '*' else person} is logged out everywhere.")


def _listed(names: Any) -> str:
    return ", ".join(str(name).replace("_", " ") for name in names)
