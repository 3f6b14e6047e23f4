"""Colours, type and rules of the deck, the same on screen, in the HTML file and on paper.

Colours are CSS variables on an element of class `w-theme`, so that dark mode costs nothing and a
host page may set its own. Figures that leave the page get literal colours: `paper_css`.
No line is red or green: now, year earlier and target keep their ink in every chart. `attention` and
`good` are kept for what needs an answer: exceptions, the second for favourable ones.

Source: wbr-method.md section 2, rows Colour, Type and Page.
"""

import re
from functools import cache
from importlib.resources import files

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, '
    '"Liberation Sans", system-ui, sans-serif'
)

# Each ink has a contrast of 4.5 to 1 with its page where it is text, 3 to 1 where it is a mark.
LIGHT = {
    "page": "#ffffff",
    "raised": "#f6f7f9",
    "ink": "#16202e",
    "quiet": "#5a6675",
    "hair": "#e3e7ec",
    "now": "#1256a8",
    "months": "#0b6a83",
    "before": "#8b9cb3",
    "target": "#a86a00",
    "second": "#7748a8",
    "attention": "#b3400f",
    "good": "#0e6f4e",
    "focus": "#1256a8",
}
DARK = {
    "page": "#12161c",
    "raised": "#1b212a",
    "ink": "#e9edf2",
    "quiet": "#9aa7b6",
    "hair": "#2a323d",
    "now": "#6fb0ff",
    "months": "#5cc8dc",
    "before": "#62728a",
    "target": "#e0a640",
    "second": "#c39bf0",
    "attention": "#ff9a66",
    "good": "#5ed3a4",
    "focus": "#6fb0ff",
}


@cache
def css() -> str:
    """The stylesheet of a deck: variables for light, dark and print, charts, cards, tables."""
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f".w-theme{{color-scheme:light;--w-font:{FONT};{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{"
        f".w-theme:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{.w-theme[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
        f"{_text('chart.css')}\n{_text('deck.css')}"
    )


@cache
def paper_css() -> str:
    """The rules of a chart with literal colours, for SVG that stands alone."""
    return _literal(_text("chart.css"))


def rules_for(drawn: str) -> str:
    """Those of `paper_css` that a drawing needs, so that many drawings in one file are read fast."""
    return "".join(rule for names, rule in _ruled() if all(name in drawn for name in names))


@cache
def _ruled() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Each rule of `paper_css` with one selector, after the classes that the selector names."""
    found = []
    for rule in paper_css().splitlines():
        selectors, _, declared = rule.partition("{")
        for selector in selectors.split(","):
            classes = tuple(re.findall(r"\.([a-z][a-z-]*)", selector.removeprefix(".w-612")))
            found.append((classes, f"{selector}{{{declared}"))
    return tuple(found)


@cache
def flywheel_css() -> str:
    """The rules of the small flywheel with literal colours, for SVG that stands alone."""
    return _literal("\n".join(r for r in _text("deck.css").splitlines() if r.startswith(".w-fly ")))


def _literal(rules: str) -> str:
    rules = rules.replace("var(--w-font)", FONT)
    for name, colour in LIGHT.items():
        rules = rules.replace(f"var(--w-{name})", colour)
    return rules


@cache
def script() -> str:
    """The ES module that adds tooltips, keys, search and jumps to a page that already reads without it."""
    return _text("grid.js")


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--w-{name}:{colour};" for name, colour in palette.items())


def _text(name: str) -> str:
    return files("metrics.draw").joinpath(name).read_text(encoding="utf-8")
