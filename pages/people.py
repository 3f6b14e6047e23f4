"""Who may do what? Roles granted and taken away, and logins ended."""

from metrics import ui

page = ui.page("People", right="grant_role")

ui.change_roles(page)
ui.sheet(ui.roles(page), key="roles")
