"""The door: `streamlit run dashboard.py`, or `uvicorn dashboard:app`.

An inner script runs each session, so that no page can be reached past it; see metrics/ui.
"""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is not None:  # A test, or run as a plain script.
    from metrics.ui import main

    main()
else:
    from metrics.ui.asgi import fault, lifespan, middleware, routes

    app = st.App(
        Path(__file__).parent / "metrics" / "ui" / "entry.py",
        routes=routes,
        middleware=middleware,
        lifespan=lifespan,
        on_script_error=fault,
    )
    if __name__ == "__main__":
        app.run()
