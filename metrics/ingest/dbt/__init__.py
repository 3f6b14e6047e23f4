"""A dbt project becomes a workspace: its metrics, its owners, and the queries that bring their days."""

from metrics.ingest.dbt.draft import Drafted, drafted
from metrics.ingest.dbt.manifest import Project, project

__all__ = ["Drafted", "Project", "drafted", "project"]
