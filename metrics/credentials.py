"""Secrets as they are handed over: in the environment, or in a file that the environment names."""

from collections.abc import Mapping
from pathlib import Path

from metrics.errors import DefinitionError


def credential(name: str, environment: Mapping[str, str]) -> str:
    """The secret `NAME`, or what stands in the file that `NAME_FILE` names; `""` if neither is told.

    A file is how containers and service managers hand a secret over: it shows in no list of processes.

    Raises:
        DefinitionError: The file cannot be read.
    """
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise DefinitionError(
                f"${name}_FILE names {path}, which cannot be read ({why}). Name a file that may be read."
            ) from error
    return environment.get(name, "")
