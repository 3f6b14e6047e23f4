"""A deck as one HTML file: no request leaves it, no script is needed to read it, it prints 2 × 2.

Source: wbr-method.md section 2, row Page; DESIGN.md section 6.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from metrics import text
from metrics.deck import Deck
from metrics.draw import grid, style


def document(deck: Deck) -> str:
    """The whole file.

    Its policy lets nothing be fetched and only its own script run, so it opens offline and stays inert.
    """
    script = f"{style.script()}\nenhance(document.querySelector('.w-deck'));\n"
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; img-src data:"
    name = f"{deck.company}: {deck.title}, {text.deck_week(deck)}"
    return (
        '<!doctype html>\n<html lang="en" class="w-theme"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(name)}</title><style>{style.css()}\n{_paper(name)}</style></head>"
        f'<body><main class="w-deck">{grid.page(deck)}</main>'
        f'<script type="module">{script}</script></body></html>\n'
    )


def _paper(name: str) -> str:
    """Page size, and the line at the foot of every printed page."""
    return (
        "body{margin:0;padding:24px 24px 48px}@media (max-width:600px){body{padding:16px 14px 40px}}"
        "@media print{body{padding:0}}"
        "@page{size:landscape;margin:6mm 6mm 9mm;"
        f'@bottom-left{{content:"{_quoted(name)}";{_FOOT}}}'
        f'@bottom-right{{content:"{grid.FLOOR_NOTE} · page " counter(page) " of " counter(pages);{_FOOT}}}}}'
    )


_FOOT = f"font:9pt {style.FONT};color:{style.LIGHT['quiet']}"


def _quoted(words: str) -> str:
    """Words as the inside of a CSS string: all but letters, digits and spaces as escapes."""
    return "".join(c if c.isalnum() or c in " ,.:-" else f"\\{ord(c):x} " for c in words)
