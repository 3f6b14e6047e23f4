"""A banner over every page while disk or journal are not as they should be; reading goes on under it."""

import os
from contextlib import suppress
from html import escape

import streamlit as st

from metrics.credentials import credential
from metrics.errors import MetricsError
from metrics.ui.opened import JOURNAL, folder, opened
from metrics.workspace import doctor


def ills() -> None:
    """What is wrong at a glance, in words; nothing where all is well."""
    with suppress(MetricsError, OSError):  # A workspace that cannot be found is told in place of the page.
        engine = doctor.FOLDER
        with suppress(MetricsError):  # Definitions with mistakes are told in place of the page, too.
            engine = opened().workspace.definitions.store.engine
        for each in doctor.glance(folder(), journal=credential(JOURNAL, os.environ), engine=engine):
            said = f"<strong>{escape(each.what)}</strong> {escape(each.do)}"
            more = "<code>wbr doctor</code> says more."
            st.html(f'<div class="wu-banner" role="alert">{said} {more}</div>')
