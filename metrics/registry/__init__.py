"""From the YAML files of a workspace to checked definitions: all mistakes at once, each with its line.

`read` gives a frozen `Registry`, or one error that tells every mistake of every file. `lint` says what is
legal and should still be questioned. `schema` lets an editor help while the files are written.

A file's way in: `files` (what may be read), `tree` (YAML to plain data with lines), `reading` (pydantic),
`checks` (between definitions), `wording` (what pydantic found, in sentences), `linting`.

Source: wbr-method.md, sections 3, 8 and 9.
"""

from metrics.registry.editor import schema
from metrics.registry.linting import lint
from metrics.registry.mistakes import Finding, Mistake, Place
from metrics.registry.reading import Registry, mistakes, parse, read

__all__ = ["Finding", "Mistake", "Place", "Registry", "lint", "mistakes", "parse", "read", "schema"]
