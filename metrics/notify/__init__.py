"""Telling people: mail and webhooks, to allowed hosts only.

    places    which server may be spoken to, and at which of its addresses
    trying    one delivery: taken, refused, tried again, or unclear
    mail      messages by SMTP
    hooks     messages by HTTP
    summary   a deck in few words, as plain text, HTML, Slack's blocks, an adaptive card

Secrets are handed in; nothing here reads the environment, and no message of an error holds one.

Source: platform.md section 4.
"""

from metrics.notify.hooks import posted, posted_one
from metrics.notify.mail import Attachment, Message, mailed, mailed_one
from metrics.notify.places import Rules, checked_host, place
from metrics.notify.summary import Summary, adaptive_card, blocks, html, in_plain, plain_json, summary
from metrics.notify.trying import Outcome, Patience

__all__ = [
    "Attachment",
    "Message",
    "Outcome",
    "Patience",
    "Rules",
    "Summary",
    "adaptive_card",
    "blocks",
    "checked_host",
    "html",
    "in_plain",
    "mailed",
    "mailed_one",
    "place",
    "plain_json",
    "posted",
    "posted_one",
    "summary",
]
