"""The planted truth of Wrenfield, week by week: forty series whose causes are known.

Wrenfield is a fictional marketplace. This file is the reference against which signals and
links are tested: every effect, lag, shift and decoy that the demo shows (S1-S4, S11, S13, the
links L1-L24) is written here as arithmetic, and nothing else moves the numbers but season,
growth, named holidays and seeded noise.

Weeks run Sunday to Saturday. W0 is the week that ends on Saturday 9 May 2026; W-1 is the week
before it. A simulation always covers all 158 weeks, so that the value of a week does not
depend on how many weeks are asked for. The same seed always gives the same numbers.

The order of the random draws is part of the file: a draw added in the middle changes every
series after it, so new series are drawn last.
"""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Table = dict[str, Series]

SEED = 20260509
WEEKS = 158  # 12 months, a year before each of them, and 104 weeks and more for tests of links.
FIRST_DAY = date(2023, 4, 30)  # A Sunday.
WEEK_ENDINGS = [FIRST_DAY + timedelta(days=7 * i + 6) for i in range(WEEKS)]

SAME_DAY_STEP_WEEK = -20  # S4: a second cut-off wave starts.
EMAIL_STOPS_WEEK = -47  # L7: the first week in which e-mail no longer brings sessions.


def at(week: int) -> int:
    """Return the row of a week counted from W0: `at(0)` is the last row, `at(-3)` is W-3."""
    return WEEKS - 1 + week


# --- the calendar -------------------------------------------------------------------------


def easter(year: int) -> date:
    """Return Easter Sunday (the anonymous Gregorian computation)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * last) // 451
    month, day = divmod(h + last - 7 * m + 114, 31)
    return date(year, month, day + 1)


def thanksgiving(year: int) -> date:
    """Return the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def holidays() -> Series:
    """Return the lift of named holidays on log sales: the peak, Christmas week, Easter."""
    lift = np.zeros(WEEKS)
    for year in range(2023, 2027):
        peak = [thanksgiving(year) + timedelta(weeks=after) for after in range(4)]
        days = [*peak, date(year, 12, 27), easter(year) - timedelta(days=1)]
        for day, by in zip(days, (0.34, 0.28, 0.20, 0.10, -0.12, 0.11), strict=True):
            row = (day - FIRST_DAY).days // 7
            if 0 <= row < WEEKS:
                lift[row] += by
    return lift


def yearly_wave() -> Series:
    """Return the smooth yearly season on log sales."""
    part = np.array([(end - timedelta(days=3)).timetuple().tm_yday for end in WEEK_ENDINGS]) / 365.25
    return 0.05 * np.sin(2 * np.pi * (part - 0.30)) + 0.03 * np.sin(4 * np.pi * (part - 0.1))


# --- noise and memory ---------------------------------------------------------------------


def wander(rng: np.random.Generator, memory: float, sd: float) -> Series:
    """Return noise in which a share `memory` of each week is carried into the next (AR(1))."""
    shocks = rng.normal(0, sd, WEEKS)
    x = np.zeros(WEEKS)
    x[0] = shocks[0] / np.sqrt(1 - memory**2)
    for i in range(1, WEEKS):
        x[i] = memory * x[i - 1] + shocks[i]
    return x


def earlier(x: Series, weeks: int) -> Series:
    """Return `x` as it was so many weeks before; the first weeks repeat the first value."""
    return np.concatenate([np.full(weeks, x[0]), x[: WEEKS - weeks]])


# --- the business -------------------------------------------------------------------------


def simulate(seed: int = SEED, *, planted: bool = True) -> Table:
    """Return every series by column name, one value per week, oldest first.

    Args:
        seed: Start of the random draws.
        planted: False leaves out S1, S2, S3, S11 and S13, to count false alarms.
            Season, growth, links, decoys and the S4 step are always there.
    """
    rng = np.random.default_rng(seed)
    table: Table = {}
    _inputs(table, rng, planted)
    _availability(table, rng)
    _loop(table, rng)
    _outputs(table, rng)
    _decoys(table, rng)
    if planted:
        table["checkout_error_pct"][at(0)] = 2.9  # S1
        for column in ("conversion_pct", "orders", "gmv"):
            table[column][at(0)] *= 0.962  # S1
        # S11: these visitors only look. Orders stay, so orders / sessions falls below `conversion_pct` here.
        table["sessions"][at(-10)] *= 1.16
        table["detail_page_views"][at(-14) :] *= 1.045  # S13
    return table


T = np.arange(WEEKS)
HOLIDAYS = holidays()
PEAK = np.maximum(HOLIDAYS, 0)
SEASON = yearly_wave() + HOLIDAYS
GROWTH = 0.0050 * T - 0.0000135 * T**2  # Log growth that slows down: S12.


def _inputs(m: Table, rng: np.random.Generator, planted: bool) -> None:
    """Draw what teams control: wandering round a slow drift, with the shifts S2, S3 and S4."""
    m["forecast_accuracy"] = 74 + wander(rng, 0.45, 1.9) + 0.010 * T
    m["dock_to_stock_h"] = 19 + wander(rng, 0.35, 1.5) + 4 * PEAK
    around_drift = rng.normal(0, 0.45, 9)
    if planted:
        m["dock_to_stock_h"][at(-8) :] = 20.1 + 0.16 * np.arange(9) + around_drift  # S2
    m["price_gap_pct"] = 18 + wander(rng, 0.5, 1.6) - 0.012 * T
    m["page_load_ms"] = 2350 + wander(rng, 0.5, 95) + 120 * PEAK
    m["zero_result_pct"] = 5.2 + wander(rng, 0.4, 0.42) - 0.004 * T
    m["reviews_cov_pct"] = 60 + wander(rng, 0.6, 1.3) + 0.030 * T
    m["email_rel_pct"] = 41 + wander(rng, 0.4, 2.2)
    m["promise_days"] = 3.4 + wander(rng, 0.45, 0.16) + 0.5 * PEAK - 0.001 * T
    m["auth_rate_pct"] = 94.6 + wander(rng, 0.35, 0.42)  # S7: below its floor of 96 in every week.
    step = np.where(at(SAME_DAY_STEP_WEEK) <= T, 2.6, 0)  # S4
    m["same_day_ship_pct"] = 90.0 + wander(rng, 0.3, 1.2) - 3 * PEAK + step
    m["listing_defect_pct"] = 3.8 + wander(rng, 0.5, 0.34)
    m["fcr_pct"] = 74 + wander(rng, 0.4, 1.6)
    m["onboarding_days"] = 9.5 + wander(rng, 0.5, 0.75) - 0.008 * T
    m["uplh"] = 78 + wander(rng, 0.4, 1.8) + 0.02 * T
    m["phone_wait_p90_s"] = 210 * np.exp(wander(rng, 0.35, 0.09) + 0.5 * PEAK)
    if planted:
        m["phone_wait_p90_s"][at(-3) :] = (300, 247, 296, 303)  # S3
    m["pick_error_dpmo"] = 1450 * np.exp(wander(rng, 0.3, 0.07))


def _availability(m: Table, rng: np.random.Generator) -> None:
    """Derive in stock (L8) and Fast Track (L9)."""
    m["instock_pct"] = 91.0 + 0.45 * (earlier(m["forecast_accuracy"], 4) - 74.5) + wander(rng, 0.3, 0.45)
    intake = earlier(m["dock_to_stock_h"], 1) - 19
    m["fast_track_pct"] = 71 + 0.55 * (m["instock_pct"] - 91) - 0.80 * intake + wander(rng, 0.3, 0.55)


def _loop(m: Table, rng: np.random.Generator) -> None:
    """Step through the flywheel: sellers, selection, traffic, conversion, and what follows them."""
    noise_sessions = wander(rng, 0.3, 0.012)
    noise_sellers = rng.normal(0, 22, WEEKS)
    noise_gap = wander(rng, 0.35, 0.28)
    on_time = 93.2 + 0.50 * (m["same_day_ship_pct"] - 90) - 3 * PEAK + wander(rng, 0.3, 0.50)  # L13
    noise_repeat = wander(rng, 0.3, 0.33)
    surprise_spend = wander(rng, 0.3, 0.045)
    noise_discount = wander(rng, 0.2, 0.30)
    noise_conversion = wander(rng, 0.25, 0.0085)

    sellers, gap, spend, discount, repeat = (np.zeros(WEEKS) for _ in range(5))
    sessions, conversion, gmv = (np.zeros(WEEKS) for _ in range(3))  # In logs, round their usual level.
    expected = GROWTH + SEASON

    def was(x: Series, weeks: int) -> float:
        return float(x[max(0, i - weeks)])

    for i in range(WEEKS):
        sellers[i] = (
            (sellers[i - 1] if i else 7200.0) * (1 + 0.0016)
            - 9.5 * (was(m["onboarding_days"], 3) - 9.5)  # L10
            + (60 * (was(sessions, 8) - was(GROWTH, 8)) if i > 8 else 0)  # L24
            + noise_sellers[i]
        )
        gap[i] = 12 - 0.55 * ((was(sellers, 4) - 7200 - 21 * i) / 100) + noise_gap[i]  # L11
        # Spend is set as a share of the forecast, which is why it tracks sessions so well (L6).
        spend[i] = np.exp(SEASON[i] * 1.25 + 0.9 * GROWTH[i] + surprise_spend[i])
        repeat[i] = 27.5 + 0.30 * (was(on_time, 8) - 93.2) + noise_repeat[i] + 0.012 * i * 0.6  # L16
        email_effect = 0.0035 if i < at(EMAIL_STOPS_WEEK) else 0.0  # L7
        sessions[i] = (
            expected[i]
            + 0.22 * surprise_spend[i]  # L6
            + 0.08 * (surprise_spend[i - 1] if i else 0)  # L6, one week later
            + email_effect * (m["email_rel_pct"][i] - 41)
            - 0.010 * (was(gap, 6) - 12)  # L12
            + noise_sessions[i]
        )
        # D4: the discount answers last week's miss; it does not cause it.
        missed = gmv[i - 1] - expected[i - 1] if i else 0
        discount[i] = 6.5 + noise_discount[i] - 10 * missed
        conversion[i] = (
            0.010 * (m["fast_track_pct"][i] - 71)  # L1
            - 0.00011 * max(0, m["page_load_ms"][i] - 2400)  # L2, a threshold
            - 0.007 * (was(m["price_gap_pct"], 1) - 18)  # L3
            + 0.0035 * (was(m["reviews_cov_pct"], 2) - 60 - 0.03 * i)  # L5
            - 0.030 * (m["promise_days"][i] - 3.4)  # L18
            + 0.010 * (m["auth_rate_pct"][i] - 94.6)  # L19
            + noise_conversion[i]
            + 0.25 * HOLIDAYS[i]
        )
        gmv[i] = sessions[i] + conversion[i]

    m["on_time_pct"] = on_time
    m["active_sellers"] = sellers
    m["demand_gap_pct"] = gap
    m["paid_spend"] = 310e3 * spend
    m["promo_depth_pct"] = discount
    m["sessions"] = 4.35e6 * np.exp(sessions)
    m["conversion_pct"] = 2.95 * np.exp(conversion)
    m["repeat_60d_pct"] = repeat


def _outputs(m: Table, rng: np.random.Generator) -> None:
    """Derive what follows from the loop: arithmetic (X1, X2) and the links to outputs."""
    m["orders"] = m["sessions"] * m["conversion_pct"] / 100  # X1
    m["aov"] = 68 * np.exp(wander(rng, 0.3, 0.010) + 0.05 * HOLIDAYS - 0.006 * (m["promo_depth_pct"] - 6.5))
    m["gmv"] = m["orders"] * m["aov"]  # X2
    above_usual = np.log(m["conversion_pct"] / 2.95)
    m["add_to_cart_pct"] = 9.6 * np.exp(
        -0.020 * (m["zero_result_pct"] - 5.2) + 0.5 * above_usual + wander(rng, 0.2, 0.008)  # L4
    )
    m["contacts_per_100"] = (
        7.8
        - 0.16 * (earlier(m["on_time_pct"], 1) - 93.2)  # L14
        - 0.060 * (m["fcr_pct"] - 74)  # L20
        + 1.2 * PEAK
        + wander(rng, 0.25, 0.12)
    )
    defects = earlier(m["listing_defect_pct"], 3) - 3.8
    m["return_rate_pct"] = 8.9 + 0.50 * defects + wander(rng, 0.3, 0.13)  # L15
    m["csat"] = (
        4.31
        - 0.0011 * (m["phone_wait_p90_s"] - 210)  # L23
        + 0.012 * (m["on_time_pct"] - 93.2)
        + wander(rng, 0.2, 0.012)
    )
    m["delivery_cost"] = 6.85 * np.exp(
        -0.10 * (np.log(m["orders"]) - np.log(128e3))  # L21
        - 0.35 * (np.log(m["uplh"]) - np.log(78))  # L22
        + wander(rng, 0.3, 0.008)
    )


def _decoys(m: Table, rng: np.random.Generator) -> None:
    """Draw series that look related to others and are not, and the plain ones drawn last."""
    m["new_listings"] = 52e3 * np.exp(0.9 * GROWTH + 0.8 * SEASON + wander(rng, 0.4, 0.06))  # D1
    m["app_share_pct"] = 38 + 0.055 * T + wander(rng, 0.5, 0.55)  # D2
    m["andon_pulls"] = rng.poisson(6, WEEKS).astype(float)  # D8
    m["checkout_error_pct"] = 1.10 * np.exp(wander(rng, 0.2, 0.07))
    m["refund_days"] = 4.6 + wander(rng, 0.3, 0.18)  # D8b
    m["detail_page_views"] = m["sessions"] * 4.4 * np.exp(wander(rng, 0.3, 0.012))


# --- the file --------------------------------------------------------------------------------


def write(table: Table, out: Path) -> None:
    """Write the weekly table as CSV: `week_ending`, then one column per series, six significant digits."""
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["week_ending", *table])
        for i in range(WEEKS):
            rows.writerow([WEEK_ENDINGS[i].isoformat(), *(f"{series[i]:.6g}" for series in table.values())])
