"""From the YAML files of a workspace to checked definitions, or to all their mistakes at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

from pydantic import ValidationError

from metrics.definitions import Definitions
from metrics.periods import Calendar
from metrics.registry import checks, files, wording
from metrics.registry.checks import Fault
from metrics.registry.mistakes import Mistake, Place, refusal
from metrics.registry.tree import Node, Path, deepest, merged, places, plain, tree

NAMED = ("people", "connections", "sources", "metrics", "targets", "decks")  # Sections whose keys are names.
LISTED = ("events", "definitions", "nodes", "edges", "links", "goals")


@dataclass(frozen=True, slots=True)
class Registry:
    """One workspace's definitions, checked.

    Attributes:
        folder: The workspace; what definitions name as files lies in it.
        definitions: All that the files declare.
        calendar: The company's, with the events whose weeks are compared with each other.
        places: From the keys that lead somewhere, `"metrics.orders.owner"`, to file and line.
        order: Metric ids, every metric after those it is computed from.
    """

    folder: Folder
    definitions: Definitions
    calendar: Calendar
    places: Mapping[str, Place]
    order: tuple[str, ...]


def read(folder: Folder) -> Registry:
    """Return the definitions of a workspace: every `*.yaml` and `*.yml` of `folder`, as one.

    Files are read in name order and joined by top-level key; folders in `folder` are not looked into.

    Raises:
        DefinitionError: There is no YAML file, or any mistake in any of them; the message counts all and
            gives each with file, line, place and remedy.
    """
    texts, unreadable = files.texts(folder)
    return _told(_outcome(texts, folder, folder, unreadable))


def parse(texts: Mapping[str, str], folder: Folder | None = None) -> Registry:
    """Return the definitions that `texts`, by file name, declare.

    Args:
        texts: The text of each file, in the order in which they are joined.
        folder: Where the files that definitions name must be. None does not look for them.

    Raises:
        DefinitionError: As `read` does.
    """
    return _told(_outcome(texts, folder or Folder(), folder, ()))


def mistakes(folder: Folder) -> tuple[Mistake, ...]:
    """Return the mistakes that `read` would tell, sorted by where they stand; none if it would not fail.

    Raises:
        DefinitionError: There is no YAML file.
    """
    texts, unreadable = files.texts(folder)
    outcome = _outcome(texts, folder, folder, unreadable)
    return () if isinstance(outcome, Registry) else outcome


def _told(outcome: Registry | tuple[Mistake, ...]) -> Registry:
    if isinstance(outcome, Registry):
        return outcome
    raise refusal(outcome)


def _outcome(
    texts: Mapping[str, str], home: Folder, searched: Folder | None, unreadable: tuple[Mistake, ...]
) -> Registry | tuple[Mistake, ...]:
    """The registry, or the mistakes that stand in its way."""
    found = list(unreadable)
    trees: dict[str, Node] = {}
    for file, text in texts.items():
        root, wrong = tree(file, text)
        found += wrong
        if root is not None:
            trees[file] = root
    everything, twice = merged(trees)
    found += twice
    all_read = trees.keys() == texts.keys() and not unreadable
    definitions, faults = _checked(everything, searched, all_read=all_read)
    for path, message in faults:
        held, place = deepest(everything, path)
        found.append(Mistake(*place, ".".join(map(str, held)), message))
    if found:
        return tuple(sorted(set(found)))
    moving = (event for event in definitions.events if event.pair_weeks)
    paired = [(event.name, event.dates + event.week_endings) for event in moving]
    return Registry(
        folder=home,
        definitions=definitions,
        calendar=checks.calendar(definitions.calendar, paired),
        places={".".join(map(str, path)): place for path, place in places(everything) if path},
        order=checks.evaluation_order(definitions),
    )


def _checked(root: Node, folder: Folder | None, *, all_read: bool) -> tuple[Definitions, list[Fault]]:
    """The definitions that are well-formed in themselves, and everything that is wrong.

    What is wrong between definitions is told in the same breath as what is wrong in one: it is looked for
    among those that are well-formed. If a file could not be read, any name may stand in it, so then it is
    left for when all can be.
    """
    document: dict[str, Any] = plain(root)
    faults = list(_misplaced(document))
    sound, _ = _without(document, [path for path, _ in faults])
    try:
        definitions = Definitions.model_validate(sound)
        kept: dict[str, list[int]] = {}
    except ValidationError as error:
        wrong = wording.distinct(error.errors(), lambda location: deepest(root, tuple(location))[0])
        for detail in wrong:
            if detail["type"] == "missing" and len(detail["loc"]) == 1 and not all_read:
                continue  # The file that could not be read may hold it.
            named = (key,) if (key := wording.discriminator(detail)) else ()
            faults.append(((*detail["loc"], *named), wording.sentence(detail)))
        broken = [deepest(root, path)[0] for path, _ in faults]
        sound, kept = _without(document, broken)
        definitions = Definitions.model_validate({"company": {"name": "Unnamed"}, **sound})
    if all_read:
        names = _names(document, sound, definitions)
        for (section, *rest), message in checks.faults(definitions, names, folder):
            if section in kept and rest:
                rest[0] = kept[str(section)][int(rest[0])]
            faults.append(((section, *rest), message))
    return definitions, faults


def _misplaced(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Entries that are not maps, and metrics that name themselves a second time."""
    for section in NAMED:
        entries = document.get(section)
        if not isinstance(entries, dict):
            continue
        for name, body in entries.items():
            if not isinstance(body, dict):
                told = "nothing stands under this name" if body is None else "this name takes a map of fields"
                yield (section, name), f"{told}. Write `{name}: {{field: value}}`, or indented lines."
            elif section == "metrics" and "id" in body:
                yield (section, name, "id"), f"the key {name!r} is the metric's id. Remove `id`."


def _without(
    document: Mapping[str, Any], broken: Iterable[Path]
) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The document without the definitions that `broken` paths lead into.

    Also, for each section that is a list, which of its items are left, as they were counted before.
    """
    gone: dict[str, set[str | int]] = {}
    sound = dict(document)
    for path in broken:
        if not path:
            continue  # Something is missing at the top; nothing there is broken.
        section, *rest = path
        if rest and section in (*NAMED, *LISTED):
            gone.setdefault(str(section), set()).add(rest[0])
        else:
            sound.pop(str(section), None)
    kept: dict[str, list[int]] = {}
    for section, parts in gone.items():
        match sound.get(section):
            case dict() as entries:
                sound[section] = {name: body for name, body in entries.items() if name not in parts}
            case list() as items:
                kept[section] = [number for number in range(len(items)) if number not in parts]
                sound[section] = [items[number] for number in kept[section]]
    return sound, kept


def _names(document: Mapping[str, Any], sound: Mapping[str, Any], definitions: Definitions) -> checks.Names:
    """What the files declare. A section under a misspelt key is among the ones of which nothing is known."""
    misspelt = document.keys() - Definitions.model_fields.keys()
    known = {
        section for section in (*NAMED, *LISTED, "rights")
        if (section in sound if section in document else not misspelt)
    }  # fmt: skip
    declared = {section: frozenset(document.get(section, ())) for section in NAMED if section in known}
    if "nodes" in known:
        nodes = [node for node in document.get("nodes", ()) if isinstance(node, dict)]
        declared["nodes"] = frozenset(str(node.get("id")) for node in nodes)
    if "rights" in known:
        declared["roles"] = checks.OTHER_ROLES | definitions.rights.keys()
    whole = frozenset(section for section in known if sound.get(section) == document.get(section))
    return checks.Names(declared, whole)
