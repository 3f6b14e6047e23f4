"""The forecasts that are combined, each a path of weeks from a history of weeks.

A fit that does not settle gives no path but the reason, so that another member takes its place.
A history is brought to mean 0 and spread 1 before a fit, so that neither unit nor level matters.

Source: analytics.md, section 6, step 1.
"""

import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from metrics.pacing.values import MemberName

Values = NDArray[np.float64]
Path = Values | Literal["no_convergence", "no_number"]

YEAR = 52  # weeks, so that a Saturday meets a Saturday
RECENT = 8  # weeks of which growth is the ratio
FLAT = 1e-12  # Share of its size up to which a history does not move.

SHORTEST: dict[MemberName, int] = {  # weeks of history a member needs
    "damped_trend": 26,
    "seasonal": 2 * YEAR,
    "last_year": YEAR + RECENT,
    "recent_level": RECENT,
}
DAMPED = {"error": "add", "trend": "add", "damped_trend": True}


def path(name: MemberName, history: Values, weeks: int) -> Path:
    """Return the forecast of so many weeks, or why there is none.

    Args:
        name: Which member; the history must be as long as `SHORTEST` says.
        history: Weeks, oldest first, none missing.
        weeks: Length of the path, at least 1.
    """
    found = _MEMBERS[name](history, weeks)
    if isinstance(found, str):
        return found
    return found if np.isfinite(found).all() else "no_number"


def able(names: Iterable[MemberName], weeks: int) -> tuple[MemberName, ...]:
    """Return those members that a history of so many weeks is long enough for."""
    return tuple(name for name in names if weeks >= SHORTEST[name])


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which linear algebra uses one thread.

    The limit reaches only libraries that are loaded already, so they are loaded first.
    """
    _fitters()
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


@cache
def _fitters() -> tuple[Any, Any, type[Warning]]:
    """Return the models of statsmodels and its warning; loaded when first used, for it takes seconds."""
    from statsmodels.tools import sm_exceptions  # type: ignore[import-untyped]  # it ships no types
    from statsmodels.tsa.exponential_smoothing import ets  # type: ignore[import-untyped]  # it ships no types
    from statsmodels.tsa.forecasting import stl  # type: ignore[import-untyped]  # it ships no types

    return ets.ETSModel, stl.STLForecast, sm_exceptions.ConvergenceWarning


def _damped_trend(history: Values, weeks: int) -> Path:
    smoothing, _, _ = _fitters()
    return _settled(
        lambda scaled: smoothing(scaled, **DAMPED).fit(disp=False).forecast(weeks), history, weeks
    )


def _seasonal(history: Values, weeks: int) -> Path:
    smoothing, season, _ = _fitters()

    def forecast(scaled: Values) -> Any:
        model = season(scaled, smoothing, model_kwargs=DAMPED, period=YEAR)
        return model.fit(fit_kwargs={"disp": False}).forecast(weeks)

    return _settled(forecast, history, weeks)


def _last_year(history: Values, weeks: int) -> Path:
    """Repeat last year's weeks times growth; beyond 52 weeks, the repeated year times growth again.

    Where a sum is not positive a ratio has no meaning, and the mean difference is added instead.
    """
    now, then = history[-RECENT:].sum(), history[-RECENT - YEAR : -YEAR].sum()
    repeated = history[-YEAR:].tolist()
    for week in range(weeks):
        ratio_holds = now > 0 and then > 0
        repeated.append(
            repeated[week] * (now / then) if ratio_holds else repeated[week] + (now - then) / RECENT
        )
    return np.array(repeated[YEAR:])


def _recent_level(history: Values, weeks: int) -> Path:
    return np.full(weeks, history[-RECENT:].mean())


_MEMBERS: dict[MemberName, Callable[[Values, int], Path]] = {
    "damped_trend": _damped_trend,
    "seasonal": _seasonal,
    "last_year": _last_year,
    "recent_level": _recent_level,
}


def _settled(forecast: Callable[[Values], Any], history: Values, weeks: int) -> Path:
    """Return the fitted forecast in units of the history; no warning of the fit escapes."""
    _, _, unsettled = _fitters()
    level, spread = float(history.mean()), float(history.std())
    if spread <= FLAT * np.abs(history).max():
        return np.full(weeks, history[-1])  # No variation: there is nothing to fit.
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            found = np.asarray(forecast((history - level) / spread), dtype=np.float64) * spread + level
        except (np.linalg.LinAlgError, ValueError):
            return "no_convergence"
    if any(issubclass(w.category, unsettled) for w in caught):
        return "no_convergence"
    return found
