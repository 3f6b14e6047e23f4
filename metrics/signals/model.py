"""The moving expected range: a ladder of shapes with memory, fitted to many metrics at once.

Metrics with the same calendar share their columns, so that a fit is a few products of matrices for all of
them. A week that must not count is masked in its own metric. The methods below follow analytics.md section
2, steps 2 to 7, and are named for its words.

Shapes of arrays: R metrics (rows), T weeks, P columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from metrics.signals.rules import BEYOND
from metrics.signals.values import Flags, Floats, Places
from metrics.signals.xmr import D2, SCREEN

YEAR: Final = 52.1775  # Weeks in a year.
HARMONICS: Final = 3  # Waves of the yearly season, at most: more would follow single weeks.
WEEKS_FOR_TREND: Final = 26
WEEKS_FOR_SEASON: Final = 104  # Two of each week of the year: with one, season and incident look the same.
PASSES: Final = 2  # Of Prais and Winsten: a third changes nothing that matters.
MOST_MEMORY: Final = 0.95  # Above it, a level cannot be told from a wandering one.
WANDERS_FROM: Final = 0.85  # Memory of the level from which it is said to wander.
NOTICED: Final = 1.5  # Lag-1 autocorrelation counts beyond this many standard errors.
CAP: Final = 2.5  # Carried deviation at most, in sigma of the level: an incident must not echo.
STILL: Final = 1e-9  # Sigma below this share of the values is rounding, not variation.
FLOOR: Final = 1e-20  # Of a mean square of standardised values: the logarithm of a perfect fit must exist.
ROUNDING: Final = 1e-12  # Of a sum of squares: the share that a difference of sums cannot tell from nothing.
RIDGE: Final = 1e-10  # On a unit diagonal: columns that cannot be told apart share their effect.

Number = TypeVar("Number", np.float64, np.bool_)

CONSTANT, TREND, FIRST_WAVE = 0, 1, 2
FIRST_EVENT: Final = FIRST_WAVE + 2 * HARMONICS


# --- single steps, as the recipe states them ----------------------------------------------------


def phi_estimate(r1: Floats, n: Floats, p: Floats, least: float = 0.0) -> Floats:
    """Step 3: the share of a surprise that the next week keeps, from the autocorrelation of residuals.

    Corrected for the bias of short series, cut to [`least`, 0.95], and 0 where `r1` may be chance.
    """
    estimate = (n * r1 + 1 + (p - 1) / 2) / np.maximum(n - 4, 1)
    return np.where(np.abs(r1) > NOTICED / np.sqrt(n), np.clip(estimate, least, MOST_MEMORY), 0.0)


def bic(mean_square: Floats, n: Floats, p: Floats, phi: Floats) -> Floats:
    """Step 3: Schwarz's price of a shape; the smallest is kept."""
    price: Floats = n * np.log(mean_square) + (p + (phi != 0)) * np.log(n)
    return price


def sigma_estimate(mean_range: Floats, n: Floats, p: Floats) -> Floats:
    """Step 5: the usual size of a surprise, from the mean moving range of one-step residuals."""
    return mean_range / D2 * np.sqrt(n / np.maximum(n - p, 1))


def carried(deviation: Floats, phi: Floats, sigma: Floats) -> Floats:
    """Step 6: what last week's deviation from its level adds to this week's expected value."""
    cap = CAP * sigma / np.sqrt(1 - phi**2)
    return phi * np.clip(deviation, -cap, cap)


def remembering_limits(values: Floats, d2: float = 1.1283791671) -> dict[str, float]:
    """Flat limits that allow for memory: what a chart without a moving range would need.

    Args:
        values: The baseline, without gaps.
        d2: Mean range of two draws, in sigma.

    Returns:
        `centre`, `moving_range`, `r1`, `phi`, `sigma` (of the level), `low`, `high`.
    """
    n, centre = len(values), float(values.mean())
    off = values - centre
    r1 = float((off[1:] * off[:-1]).sum() / (off**2).sum())
    phi = float(phi_estimate(np.array(r1), np.array(float(n)), np.array(1.0)))
    usual = float(np.abs(np.diff(values)).mean())
    sigma = usual / d2 / float(np.sqrt(1 - phi))
    return {
        "centre": centre,
        "moving_range": usual,
        "r1": r1,
        "phi": phi,
        "sigma": sigma,
        "low": centre - BEYOND.line * sigma,
        "high": centre + BEYOND.line * sigma,
    }


# --- columns -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Design:
    """The columns that metrics of one calendar share, week by week.

    Attributes:
        level: T × P: constant, trend (years), sine and cosine of each wave, events (0/1), steps (0/1).
        change: T × P: the same for weekly changes. A drift stands for the constant, and there is no trend;
            an event comes and goes.
        events: How many event columns there are.
        steps: How many step columns there are, one per divider.
    """

    level: Floats
    change: Floats
    events: int
    steps: int

    @property
    def event_columns(self) -> slice:
        """Where the events are."""
        return slice(FIRST_EVENT, FIRST_EVENT + self.events)

    @property
    def step_columns(self) -> slice:
        """Where the steps are."""
        return slice(FIRST_EVENT + self.events, FIRST_EVENT + self.events + self.steps)

    def places(self, shape: "Shape") -> Places:
        """The columns of one shape. Steps belong to each: a person declared them."""
        chosen = [CONSTANT]
        if shape.trend:
            chosen.append(TREND)
        chosen += range(FIRST_WAVE, FIRST_WAVE + 2 * shape.harmonics)
        if shape.events:
            chosen += range(*self.event_columns.indices(self.level.shape[1]))
        chosen += range(*self.step_columns.indices(self.level.shape[1]))
        return np.array(chosen, dtype=np.intp)


def design(events: Flags, steps: Flags, spacing: int = 1) -> Design:
    """The columns of T weeks.

    Args:
        events: T × E, the weeks of each recurring event.
        steps: T × S, the weeks from each divider on.
        spacing: Weeks from one point to the next.
    """
    weeks = np.arange(len(events)) * float(spacing)
    angles = 2 * np.pi / YEAR * weeks[:, None] * np.arange(1, HARMONICS + 1)
    waves = np.stack((np.sin(angles), np.cos(angles)), axis=2).reshape(len(weeks), -1)
    jumps = np.column_stack((events, steps)).astype(float)
    ones, zeros = np.ones((len(weeks), 1)), np.zeros((len(weeks), 1))
    return Design(
        level=np.hstack((ones, weeks[:, None] / YEAR, waves, jumps)),
        change=np.hstack((ones, zeros, waves, np.diff(jumps, axis=0, prepend=jumps[:1]))),
        events=events.shape[1],
        steps=steps.shape[1],
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """One rung of the ladder."""

    trend: bool = False
    harmonics: int = 0
    events: bool = False


def ladder(*, trend: bool, season: bool, events: bool) -> tuple[Shape, ...]:
    """Step 2: the candidate shapes, simple ones first.

    Each adds to the one before it: a season stands on a trend where one is allowed, and events on either.
    """
    plain = [Shape(), *([Shape(trend=True)] if trend else [])]
    if season:
        plain += [Shape(trend, waves) for waves in range(1, HARMONICS + 1)]
    on_top = [replace(shape, events=True) for shape in plain] if events and season else []
    return (*plain, *on_top)


# --- the fit -----------------------------------------------------------------------------------


class Learned(NamedTuple):
    """One row of a fit, without its effects."""

    trend: bool
    harmonics: int
    events: bool
    phi: float
    wandering: bool
    sigma: float
    n: int
    p: int


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned of R metrics.

    Attributes:
        beta: R × P; 0 for columns that are not in use.
        inverse: R × P × P, of the normal matrix; 0 likewise.
        chosen: R × P, the columns in use.
        phi, sigma: Memory and usual size of a surprise, in the scale of the values. Sigma is 0 where nothing
            varies, NaN where too few weeks are left to fit anything.
        wandering: Whether the change is modelled and not the level.
        trend, harmonics, events: The shape.
        known: R × E, the events that the baseline holds.
        n, p: Weeks fitted and numbers fitted.
    """

    beta: Floats
    inverse: Floats
    chosen: Flags
    phi: Floats
    sigma: Floats
    wandering: Flags
    trend: Flags
    harmonics: NDArray[np.int64]
    events: Flags
    known: Flags
    n: NDArray[np.int64]
    p: NDArray[np.int64]

    @cached_property
    def in_rows(self) -> list[Learned]:
        """Row by row."""
        columns = (getattr(self, name).tolist() for name in Learned._fields)
        return [Learned(*row) for row in zip(*columns, strict=True)]

    @property
    def without_inverse(self) -> "Fit":
        """All but the largest part, which only a forecast needs."""
        return replace(self, inverse=self.inverse[:0])


def fit(y: Floats, used: Flags, columns: Design, *, season: bool) -> Fit:
    """Steps 2 to 5 for R metrics on the first n weeks of a design.

    Args:
        y: R × n, in the scale to be judged; what is not used may be anything. A metric may come twice.
        used: R × n, the weeks that count.
        columns: At least n weeks of columns.
        season: Whether the baseline is long enough for season and events.
    """
    weeks = y.shape[1]
    middle, spread = _standard(y, used)
    scaled = np.where(used, (y - middle[:, None]) / spread[:, None], 0.0)
    eventful = season and bool(columns.events)
    active = columns.places(Shape(True, HARMONICS if season else 0, eventful))  # No shape asks for others.

    levels = _Ladder(scaled, used, columns.level[:weeks, active], least=0.0)
    shapes = ladder(trend=weeks >= WEEKS_FOR_TREND, season=season, events=eventful)
    level = levels.best(shapes, [np.searchsorted(active, columns.places(shape)) for shape in shapes])
    both = used & _before(used)
    steps = np.where(both, scaled - _before(scaled), 0.0)
    changes = _Ladder(steps, both, columns.change[:weeks, active], least=-MOST_MEMORY)
    shapes = ladder(trend=False, season=season, events=eventful)
    places = [np.searchsorted(active, columns.places(shape)) for shape in shapes]
    # Both prices in units of the level's weeks, or the smaller number of changes would decide by itself.
    change = changes.best(shapes, places, price_weeks=levels.n)

    wandering = np.isfinite(change.price) & ((change.price < level.price) | (level.phi >= WANDERS_FROM))
    inverse = levels.inverse(level)
    if wandering.any():
        inverse[wandering] = changes.inverse(change)[wandering]
    sigma = np.where(wandering, changes.sigma(change), levels.sigma(level)) * spread
    sigma = np.where(np.isfinite(level.price) | wandering, sigma, np.nan)
    still = sigma <= STILL * np.where(used, np.abs(y), 0.0).max(axis=1, initial=0.0)

    width = columns.level.shape[1]
    beta, chosen = np.zeros((len(y), width)), np.zeros((len(y), width), bool)
    beta[:, active] = np.where(wandering[:, None], change.beta, level.beta) * spread[:, None]
    beta[:, CONSTANT] += np.where(wandering, 0.0, middle)
    chosen[:, active] = np.where(wandering[:, None], change.chosen, level.chosen)
    wide = np.zeros((len(y), width, width))
    wide[np.ix_(np.arange(len(y)), active, active)] = inverse
    return Fit(
        beta=beta,
        inverse=wide,
        chosen=chosen,
        phi=np.where(wandering, change.phi, level.phi),
        sigma=np.where(still, 0.0, sigma),
        wandering=wandering,
        trend=chosen[:, TREND],
        harmonics=chosen[:, FIRST_WAVE:FIRST_EVENT].sum(axis=1) // 2,
        events=chosen[:, columns.event_columns].sum(axis=1) > 0,
        known=used.astype(float) @ columns.level[:weeks, columns.event_columns] > 0,
        n=np.where(wandering, changes.n, levels.n).astype(np.int64),
        p=np.where(wandering, change.p, level.p).astype(np.int64),
    )


def _standard(y: Floats, used: Flags) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what counts; 1 where nothing varies. They only keep the sums exact."""
    n = np.maximum(used.sum(axis=1), 1)
    kept = np.where(used, y, 0.0)
    middle = kept.sum(axis=1) / n
    off = np.where(used, y - middle[:, None], 0.0)
    spread = np.sqrt((off**2).sum(axis=1) / n)
    return middle, np.where(spread > STILL * np.abs(kept).max(axis=1, initial=0.0), spread, 1.0)


def _before(values: NDArray[Number]) -> NDArray[Number]:
    """Each week's predecessor; the first has none (0, False)."""
    shifted = np.zeros_like(values)
    shifted[..., 1:] = values[..., :-1]
    return shifted


@dataclass(eq=False)
class _Best:
    """The best shape so far, metric by metric."""

    price: Floats
    beta: Floats
    phi: Floats
    chosen: Flags
    p: Floats


class _Ladder:
    """Fits shapes to R series by Prais and Winsten's transformation.

    A week whose predecessor counts is compared with what it keeps of it; the first week of a stretch without
    gaps stands for itself, at the weight √(1−φ²). The four sums below hold all that any shape and any memory
    need, so that a candidate costs the solution of a few small systems.
    """

    def __init__(self, y: Floats, used: Flags, x: Floats, *, least: float) -> None:
        self.y, self.used, self.x, self.least = y, used, x, least
        self.goes_on = used & _before(used)
        self.begins = used & ~self.goes_on
        self.n = used.sum(axis=1).astype(float)
        self.pairs = self.goes_on.sum(axis=1).astype(float)
        before_x = np.vstack((np.zeros_like(x[:1]), x[:-1]))
        before_y = _before(y)
        begins, goes_on = self.begins.astype(float), self.goes_on.astype(float)
        width, rows = x.shape[1], len(y)

        def crossed(weights: Floats, one: Floats, other: Floats) -> Floats:
            outer = (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
            return (weights @ outer).reshape(rows, width, width)

        mixed = crossed(goes_on, x, before_x)
        self.matrices = (
            crossed(begins, x, x) + crossed(goes_on, x, x),
            -(mixed + mixed.transpose(0, 2, 1)),
            crossed(goes_on, before_x, before_x) - crossed(begins, x, x),
        )
        self.vectors = (
            (used * y) @ x,
            -((goes_on * y) @ before_x + (goes_on * before_y) @ x),
            (goes_on * before_y) @ before_x - (begins * y) @ x,
        )
        self.squares = (
            (used * y**2).sum(axis=1),
            -2 * (goes_on * y * before_y).sum(axis=1),
            (goes_on * before_y**2).sum(axis=1) - (begins * y**2).sum(axis=1),
        )

    def best(
        self, shapes: Sequence[Shape], columns: Sequence[Places], price_weeks: Floats | None = None
    ) -> _Best:
        """The cheapest shape of each series; its price is infinite where no shape has enough weeks."""
        rows, width = self.vectors[0].shape
        best = _Best(
            price=np.full(rows, np.inf),
            beta=np.zeros((rows, width)),
            phi=np.zeros(rows),
            chosen=np.zeros((rows, width), bool),
            p=np.ones(rows),
        )
        weeks = self.n if price_weeks is None else price_weeks
        for shape, places in zip(shapes, columns, strict=True):
            beta, phi, p, left = self.fitted(places)
            mean_square = np.maximum(left / np.maximum(self.n, 1), FLOOR)
            enough = self.n >= 2 * p + 4
            if shape.trend:
                enough &= self.n >= WEEKS_FOR_TREND
            price = np.where(enough, bic(mean_square, np.maximum(weeks, 1), p, phi), np.inf)
            better = price < best.price
            best.price = np.where(better, price, best.price)
            best.phi = np.where(better, phi, best.phi)
            best.p = np.where(better, p, best.p)
            here = np.zeros(width, bool)
            here[places] = True
            best.chosen[better] = here
            best.beta[better] = 0.0
            best.beta[np.ix_(better, places)] = beta[better]
        return best

    def fitted(self, places: Places) -> tuple[Floats, Floats, Floats, Floats]:
        """Effects, memory, number of columns that say anything, and sum of squared surprises."""
        square = np.ix_(np.arange(len(self.y)), places, places)
        matrices = [m[square] for m in self.matrices]
        vectors = [v[:, places] for v in self.vectors]
        p = (np.diagonal(matrices[0], axis1=1, axis2=2) > 0).sum(axis=1).astype(float)
        phi = np.zeros(len(self.y))
        beta = _solution(matrices[0], vectors[0])
        for _ in range(PASSES):
            left, together = (_left(self.squares[k], vectors[k], matrices[k], beta) for k in (0, 1))
            r1 = self.autocorrelation(left, -together / 2)
            phi = phi_estimate(r1, np.maximum(self.n, 1), p, self.least)
            matrix, vector = _powered(matrices, phi), _powered(vectors, phi)
            beta = _solution(matrix, vector)
        return beta, phi, p, _left(_powered(self.squares, phi), vector, matrix, beta)

    def residuals(self, beta: Floats, places: Places) -> Floats:
        """Distance from the level, 0 in weeks that do not count."""
        return np.where(self.used, self.y - beta @ self.x[:, places].T, 0.0)

    def autocorrelation(self, squares: Floats, products: Floats) -> Floats:
        """Lag-1 autocorrelation of residuals, from their sums; across a gap nothing is compared."""
        some = squares > ROUNDING * self.squares[0]  # Less than this is no residual.
        whole: Floats = np.divide(products, squares, out=np.zeros_like(products), where=some)
        adjusted: Floats = whole * np.maximum(self.n - 1, 0) / np.maximum(self.pairs, 1)
        return adjusted

    def surprises(self, residuals: Floats, phi: Floats) -> Floats:
        """One-step residuals: what the week before did not foretell; 0 in weeks that do not count."""
        kept = residuals - phi[:, None] * _before(residuals)
        return np.where(self.goes_on, kept, np.sqrt(1 - phi**2)[:, None] * residuals)

    def sigma(self, best: _Best) -> Floats:
        """Step 5, on the surprises of the chosen shapes."""
        u = self.surprises(self.residuals(best.beta, np.arange(self.x.shape[1])), best.phi)
        return sigma_estimate(_screened_mean(np.abs(u - _before(u)), self.goes_on), self.n, best.p)

    def inverse(self, best: _Best) -> Floats:
        """Inverse of the normal matrices of the chosen shapes, for leverages."""
        matrix = _powered(self.matrices, best.phi)
        both = best.chosen[:, :, None] & best.chosen[:, None, :]
        size = _sizes(matrix)
        scaled = np.where(both, matrix / (size[:, :, None] * size[:, None, :]), 0.0)
        turned: Floats = np.linalg.pinv(scaled, rcond=1e-9, hermitian=True)
        return turned / (size[:, :, None] * size[:, None, :])


def _screened_mean(ranges: Floats, there: Flags) -> Floats:
    """Mean moving range of each row after dropping, once, those of incidents; 0 where there is none."""
    mean = np.where(there, ranges, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    # Where all ranges but a few are zero, those few are the variation and not incidents.
    kept = there & ((ranges < SCREEN * mean[:, None]) | (mean[:, None] == 0))
    after: Floats = np.where(kept, ranges, 0.0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    return np.where(after > 0, after, mean)


def _powered(parts: Sequence[Floats], phi: Floats) -> Floats:
    """parts₀ + φ·parts₁ + φ²·parts₂, row by row."""
    phi = phi.reshape(-1, *(1,) * (parts[0].ndim - 1))
    return parts[0] + phi * (parts[1] + phi * parts[2])


def _left(square: Floats, vector: Floats, matrix: Floats, beta: Floats) -> Floats:
    """Σ(y − Xβ)², or another product of residuals, row by row from the sums of products."""
    fitted = (matrix @ beta[:, :, None])[:, :, 0]
    left: Floats = square + (beta * (fitted - 2 * vector)).sum(axis=1)
    return left


def _sizes(matrix: Floats) -> Floats:
    """Square roots of the diagonals; 1 for a column that is never used."""
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _solution(matrix: Floats, vector: Floats) -> Floats:
    """Least squares of each row; a column that is never used gets 0."""
    size = _sizes(matrix)
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    diagonal = np.einsum("rpp->rp", scaled)
    diagonal[:] = 1 + RIDGE
    return np.linalg.solve(scaled, (vector / size)[:, :, None])[:, :, 0] / size


@dataclass(eq=False)
class Forecast:
    """What the next week was expected to be, before it was seen.

    Attributes:
        expected: In the scale of the values.
        error: Standard error of a new value.
    """

    expected: Floats
    error: Floats


@dataclass(eq=False)
class InForce:
    """The models that judge the next week, one per metric; replaced row by row as baselines are locked."""

    beta: Floats
    inverse: Floats
    phi: Floats
    sigma: Floats
    wandering: Flags

    @classmethod
    def none(cls, rows: int, width: int) -> "InForce":
        """No metric has a model yet: sigma is NaN."""
        return cls(
            np.zeros((rows, width)),
            np.zeros((rows, width, width)),
            np.zeros(rows),
            np.full(rows, np.nan),
            np.zeros(rows, bool),
        )

    def take(self, rows: Places, found: Fit, at: Places) -> None:
        """Replace the models of some metrics by rows `at` of what was found."""
        self.beta[rows], self.inverse[rows] = found.beta[at], found.inverse[at]
        self.phi[rows], self.sigma[rows] = found.phi[at], found.sigma[at]
        self.wandering[rows] = found.wandering[at]

    def forecast(
        self, week: int, columns: Design, last: Floats, before_last: Floats, unsure: Floats
    ) -> Forecast:
        """Steps 6 and 7: what `week` should be, from the one or two weeks before it.

        Args:
            week: At least 1.
            columns: The columns of all weeks.
            last: Last week's value; where it does not count, what had been expected instead. NaN is none.
            before_last: The same of the week before.
            unsure: Variance of `last` where it had to be replaced, otherwise 0.
        """
        phi, sigma = self.phi, self.sigma
        level, level_before = self.beta @ columns.level[week], self.beta @ columns.level[week - 1]
        change, change_before = self.beta @ columns.change[week], self.beta @ columns.change[week - 1]
        deviation = np.where(self.wandering, last - before_last - change_before, last - level_before)
        known = ~np.isnan(deviation)
        keeps = carried(np.where(known, deviation, 0.0), phi, sigma)
        expected = np.where(self.wandering, last + change, level) + keeps

        now = np.where(self.wandering[:, None], columns.change[week], columns.level[week])
        then = np.where(self.wandering[:, None], columns.change[week - 1], columns.level[week - 1])
        row = now - phi[:, None] * then
        leverage = np.einsum("rp,rpq,rq->r", row, self.inverse, row)
        # A level nobody saw is as unsure as a level can be; a wandering one hands on the whole error.
        unsure = np.where(known | self.wandering, unsure, sigma**2 / (1 - phi**2))
        share = np.where(self.wandering, 1 + phi, phi)
        return Forecast(expected, np.sqrt(sigma**2 * (1 + np.maximum(leverage, 0.0)) + share**2 * unsure))
