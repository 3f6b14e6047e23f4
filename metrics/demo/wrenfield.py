"""Wrenfield's source files: the weekly truth told as days, the way a company's systems would tell it.

`truth.py` says what each week came to. Here each week is split over its days, so that rolled up
again the days give the truth to a relative error of 1e-4 (audits, injuries and Andon pulls are
small whole numbers and may differ by their rounding; conversion at W-10 is told as the visitors
of that week made it, S11). What only days can show is planted here as well: lost tracking (S8),
orders that mature (S9), a definition change (S10), a second count that disagrees (S13), three
refunds that took too long (S14), the ten worst items (S15), the garden spring (S16), and a
correction of three days' GMV that came five days late.

Everything is written to `series/` and `targets/` of a workspace; the text beside them (YAML and
`tables/`) is written by hand. The same seed gives the same bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metrics.demo.days import (
    Days,
    Levels,
    Weekly,
    amount_of,
    draws,
    jitter,
    level,
    rate_of,
    samples,
    share_of,
    split,
    weekday_weights,
    whole,
)
from metrics.demo.files import (
    DAYS,
    NEXT_DAY,
    write_csv,
    write_export,
    write_samples,
    write_wide,
    write_workbook,
    written,
)
from metrics.demo.truth import PEAK, SEED, WEEK_ENDINGS, WEEKS, Table, at, simulate, wander

LAST_KNOWN = DAYS[-1] + NEXT_DAY  # The morning on which the last day of W0 became known.

DEVICES = ("app", "desktop", "mobile_web")
CATEGORIES = ("garden", "furniture", "kitchen", "decor")
DESKTOP_SHARE: Weekly = np.linspace(0.47, 0.41, WEEKS)  # Of the sessions outside the app.
ORDERS_PER_SESSION = np.outer((1.20, 1.10, 0.72), (0.95, 0.90, 1.12, 1.05))  # Against the average.
DOLLARS_PER_ORDER = np.array((1.10, 1.75, 0.72, 0.64))  # Against the average, by category.

TRACKING_LOST = (date(2026, 4, 21), date(2026, 4, 22))  # S8: Tuesday and Wednesday of W-2.
OLD_PHONE_WAIT_ENDS = -30  # S10: the last week of I02.
NEW_PHONE_WAIT_BEGINS = -36  # S10: the first week of I01 that was measured as it happened.
PHONE_WAIT_BACKFILLED = date(2025, 10, 13)  # The Monday after the old measure was retired.
NEW_DETAIL_PAGES_END = -95  # The last week of C01.
BOTS_COUNTED_TWICE = -14  # S13: the first week.
CORRECTED = (date(2026, 4, 16), date(2026, 4, 17), date(2026, 4, 18))  # Of W-3.
CORRECTION_CAME_AFTER = timedelta(days=5)
FIRST_TOLD = 0.982  # Of the corrected GMV: marketplace fees were booked net.

# S9: days after the order, and the share that has come by then.
RETURNS_ARRIVE = {1: 0.0, 3: 0.02, 7: 0.20, 14: 0.52, 21: 0.75, 28: 0.91, 35: 1.0}
REPEATS_ARRIVE = {
    1: 0.0, 7: 0.17, 14: 0.33, 21: 0.47, 28: 0.59, 35: 0.69, 42: 0.78, 49: 0.86, 56: 0.95, 60: 1.0,
}  # fmt: skip

SAMPLES_PER_DAY = 200
BANK_TRANSFERS = (6, 6, 6, 6, 6, 6, 5)  # Of a day's refund samples: 41 a week, so that p95 is the 39th.
SLOW_REFUNDS = (16.0, 17.5, 19.0)  # S14: the three slowest bank transfers of W0, in days.

WORST_ITEMS = {-1: 40_318, 0: 43_127}  # S15: contribution lost by the ten rows of tables/bottom_ten.csv, $.

OUR_BASKET = 212.0  # $ at the end of W0: the sum of our column in tables/basket.csv.

CONTACT_COSTS = 9.0  # $ each.
OTHER_COSTS = 3.30  # $ an order: payment, packing, provisions.

EASTERS = (date(2024, 3, 30), date(2025, 4, 19), date(2026, 4, 4))  # Week endings.
PLAN_WEEKS = [date(2025, 1, 4) + timedelta(weeks=i) for i in range(105)]  # Fiscal 2025 and 2026.


@dataclass(frozen=True)
class World:
    """What several sources share.

    Attributes:
        seed: Start of every draw.
        truth: Weekly truth by column name of `truth.py`.
        sessions: Per day.
        orders: Per day.
        gmv: Whole cents per day.
        take_rate: Net revenue as a share of GMV, weekly.
        contribution: Contribution profit per order in $, weekly.
    """

    seed: int
    truth: Table
    sessions: Days
    orders: Days
    gmv: Days
    take_rate: Weekly
    contribution: Weekly

    def draws(self, name: str) -> np.random.Generator:
        """Random draws that belong to one series."""
        return draws(self.seed, name)

    def fraction(self, column: str) -> Weekly:
        """A percent column of the truth as a fraction."""
        return self.truth[column] / 100

    def walk(self, name: str, sd: float, memory: float = 0.3) -> Weekly:
        """Weekly noise with memory, for series that the truth does not hold."""
        return wander(self.draws(f"{name}, walk"), memory, sd)


def world(seed: int = SEED) -> World:
    """The truth of one seed, and the daily counts that other counts are shares of."""
    table = simulate(seed)
    orders = split(draws(seed, "orders"), table["orders"])
    take_rate = 0.215 + wander(draws(seed, "takings"), 0.3, 0.002)
    contribution = (
        take_rate * table["aov"]
        - table["delivery_cost"]
        - CONTACT_COSTS * table["contacts_per_100"] / 100
        - OTHER_COSTS
    )
    return World(
        seed=seed,
        truth=table,
        sessions=split(draws(seed, "sessions"), table["sessions"]),
        orders=orders,
        gmv=whole(table["gmv"] * 100, orders * jitter(draws(seed, "gmv"), orders.shape, 0.015)),
        take_rate=take_rate,
        contribution=contribution,
    )


# --- where customers come from, and what they buy ------------------------------------------


def app_sessions(w: World) -> Days:
    """Sessions in the app; the same in `traffic` and in `web`."""
    return share_of(w.draws("app_sessions"), w.fraction("app_share_pct"), w.sessions)


def category_shares() -> NDArray[np.float64]:
    """Share of sessions by category and week, shape (weeks, categories). S16: the garden comes in spring."""
    day_of_year = np.array([(end - timedelta(days=3)).timetuple().tm_yday for end in WEEK_ENDINGS])
    garden = 0.17 + 0.17 * np.exp(-0.5 * ((day_of_year - 128) / 36) ** 2)
    rest = np.array((0.36, 0.34, 0.30))
    return np.column_stack([garden, (1 - garden)[:, np.newaxis] * rest])


def sessions_by_cell(w: World) -> Days:
    """Sessions by device and category, shape (weeks, 7, devices, categories)."""
    app = app_sessions(w)
    desktop = share_of(w.draws("desktop"), DESKTOP_SHARE, w.sessions - app)
    devices = np.stack([app, desktop, w.sessions - app - desktop], axis=-1)
    shares = category_shares()[:, np.newaxis, np.newaxis, :]
    return whole(devices, shares * jitter(w.draws("categories"), (WEEKS, 7, 3, 4), 0.03))


def orders_by_cell(w: World) -> Days:
    """Orders by device and category; they add up to each day's orders."""
    weights = (sessions_by_cell(w) * ORDERS_PER_SESSION).reshape(WEEKS, 7, -1)
    return whole(w.orders, weights).reshape(WEEKS, 7, 3, 4)


def gmv_by_cell(w: World) -> Days:
    """GMV in cents by device and category; it adds up to each day's GMV."""
    weights = (orders_by_cell(w) * DOLLARS_PER_ORDER).reshape(WEEKS, 7, -1)
    return whole(w.gmv, weights).reshape(WEEKS, 7, 3, 4)


Told = tuple[str, str, str, str, str, str]


def _cells(series: str, values: Levels | Days, after: timedelta = NEXT_DAY) -> Iterator[Told]:
    names = [(device, category) for device in DEVICES for category in CATEGORIES]
    for day, cells in zip(DAYS, values.reshape(len(DAYS), len(names)), strict=True):
        known = (day + after).isoformat()
        for (device, category), value in zip(names, cells, strict=True):
            yield day.isoformat(), series, device, category, written(value), known


def traffic(w: World, out: Path) -> None:
    """Sessions by device and category."""
    rows = _cells("sessions", sessions_by_cell(w))
    write_csv(out / "traffic.csv", ["day", "series", "device", "category", "value", "known_on"], rows)


def shop(w: World, out: Path) -> None:
    """Orders and GMV by device and category; three days of GMV are told twice."""
    gmv = gmv_by_cell(w) / 100
    wrong_at_first = np.array([d in CORRECTED for d in DAYS]).reshape(WEEKS, 7, 1, 1)
    first = np.where(wrong_at_first, np.round(gmv * FIRST_TOLD, 2), gmv)
    corrected = {d.isoformat() for d in CORRECTED}
    rows = [
        *_cells("orders", orders_by_cell(w)),
        *_cells("gmv", first),
        *(row for row in _cells("gmv", gmv, CORRECTION_CAME_AFTER) if row[0] in corrected),
    ]
    write_csv(out / "shop.csv", ["day", "series", "device", "category", "value", "known_on"], rows)


def web(w: World, out: Path) -> None:
    """What the web analytics counts, one file a year. S8: two days of tracking are lost."""
    t = w.truth
    usual = 0.24 + w.walk("paid", 0.008) - 0.03 * PEAK
    item_views = split(w.draws("item_views"), t["sessions"] * 4.3)
    in_stock = share_of(w.draws("in_stock"), w.fraction("instock_pct"), item_views)
    searches = split(w.draws("searches"), t["sessions"] * 1.7)
    lost = np.array([d in TRACKING_LOST for d in DAYS]).reshape(WEEKS, 7)
    columns = {
        "paid_sessions": np.where(lost, np.nan, share_of(w.draws("paid"), usual, w.sessions)),
        "app_sessions": app_sessions(w),
        "detail_page_views": np.where(lost, np.nan, split(w.draws("page_views"), t["detail_page_views"])),
        "item_views": item_views,
        "in_stock_views": in_stock,
        "fast_track_views": share_of(w.draws("fast_track"), w.fraction("fast_track_pct"), item_views),
        "well_reviewed_views": share_of(w.draws("reviews"), w.fraction("reviews_cov_pct"), item_views),
        "searches": searches,
        "empty_searches": share_of(w.draws("empty"), w.fraction("zero_result_pct"), searches),
        "carts": share_of(w.draws("carts"), w.fraction("add_to_cart_pct"), w.sessions),
    }
    for year in sorted({d.year for d in DAYS}):
        rows = [i for i, d in enumerate(DAYS) if d.year == year]
        write_wide(out / "web" / f"{year}.csv", columns, slice(rows[0], rows[-1] + 1))


def marketing(w: World, out: Path) -> None:
    """Spend, e-mail and the membership."""
    t = w.truth
    visitors = t["sessions"].copy()
    visitors[at(-10)] /= 1.16  # S11: those who came after the broadcast only looked.
    joining = 0.00131 * np.exp(w.walk("plus", 0.04))
    mailed = split(w.draws("mailed"), 880_000 * np.exp(0.0018 * np.arange(WEEKS)))
    columns = {
        "paid_spend": split(w.draws("spend"), t["paid_spend"] * 100) / 100,
        "customers_mailed": mailed,
        "relevant_mails": share_of(w.draws("relevant"), w.fraction("email_rel_pct"), mailed),
        "plus_sign_ups": split(w.draws("plus"), visitors * joining),
        "active_customers": np.rint(level(w.draws("active"), active_customers(w), 250)),
    }
    write_wide(out / "marketing.csv", columns)


def active_customers(w: World) -> Weekly:
    """Customers with an order in twelve months, at each week's end: slow growth to 2.6 M."""
    way = np.arange(WEEKS) / (WEEKS - 1)
    return np.rint(2.6e6 * np.exp(-0.34 * (1 - way) ** 1.2 + w.walk("active", 0.002, 0.6) * (1 - way**8)))


# --- what they meet in the shop ------------------------------------------------------------


def checkout(w: World, out: Path) -> None:
    """From the first click on "pay" to an authorised payment; every authorised payment is an order."""
    t = w.truth
    spread = w.orders * jitter(w.draws("payments"), w.orders.shape, 0.002)
    tried = whole(w.orders.sum(axis=1) / w.fraction("auth_rate_pct"), spread)
    failed, attempts = rate_of(
        w.draws("attempts"), w.fraction("checkout_error_pct"), tried.sum(axis=1).astype(np.float64) * 1.12
    )
    promises = split(w.draws("promises"), t["orders"] * 1.4)
    columns = {
        "checkout_attempts": attempts,
        "failed_attempts": failed,
        "payments_tried": tried,
        "payments_authorised": w.orders,
        "promises_shown": promises,
        "days_promised": amount_of(w.draws("days_promised"), t["promise_days"], promises),
    }
    write_wide(out / "checkout.csv", columns)


def availability(w: World, out: Path) -> None:
    """Minutes in which a robot customer could buy. The bad ones are a gamma draw, 7 a week on average."""
    bad = np.round(w.draws("bad_minutes").gamma(0.77, 1.31, (WEEKS, 7)), 1)
    columns: dict[str, Days | Levels] = {
        "minutes": np.full((WEEKS, 7), 1440, dtype=np.int64),
        "good_minutes": 1440 - bad,
    }
    write_wide(out / "availability.csv", columns)


def catalogue(w: World, out: Path) -> None:
    """Audits of what we offer and at which price, and the pages that sellers made (until W-95)."""
    t = w.truth
    audited = split(w.draws("audited"), np.full(WEEKS, 1200.0))
    made = split(w.draws("new_pages"), t["new_listings"]).astype(np.float64)
    made[at(NEW_DETAIL_PAGES_END) + 1 :] = np.nan
    prices = w.walk("basket", 0.006, 0.7)
    basket = OUR_BASKET * np.exp(prices - prices[-1])
    columns: dict[str, Days | Levels] = {
        "not_offered": np.round(level(w.draws("gap"), w.fraction("demand_gap_pct"), 0.0006), 6),
        "dearer_items": np.round(level(w.draws("dearer"), w.fraction("price_gap_pct"), 0.003), 6),
        "pages_audited": audited,
        "wrong_pages": share_of(w.draws("wrong_pages"), w.fraction("listing_defect_pct"), audited),
        "new_pages": made,
        "our_basket": np.round(level(w.draws("basket"), basket, 0.4), 2),
    }
    write_wide(out / "catalogue.csv", columns)


def supply(w: World, out: Path) -> None:
    """Units bought of the top items, and how many of them the forecast had right."""
    right, units = rate_of(w.draws("forecast"), w.fraction("forecast_accuracy"), w.truth["orders"] * 1.1)
    write_wide(out / "supply.csv", {"top_item_units": units, "units_forecast_right": right})


# --- fulfilment, service, sellers ----------------------------------------------------------


def on_time_deliveries(w: World) -> tuple[Days, Days]:
    """Deliveries, and those on or before the promised date. A week delivers as many orders as it takes."""
    delivered = split(w.draws("delivered"), w.orders.sum(axis=1))
    return delivered, share_of(w.draws("on_time"), w.fraction("on_time_pct"), delivered)


def fulfilment(w: World, out: Path) -> None:
    """The warehouse system's export, in its own way of writing dates and numbers."""
    t = w.truth
    shipped, ready = rate_of(w.draws("ready"), w.fraction("same_day_ship_pct"), t["orders"] * 0.62)
    wrong, picks = rate_of(w.draws("picks"), t["pick_error_dpmo"] / 1e6, t["orders"] * 2.6)
    units = split(w.draws("units"), t["orders"] * 2.7)
    spread = units * jitter(w.draws("labour"), units.shape, 0.02)
    hundredths = whole(100 * units.sum(axis=1) / t["uplh"], spread)
    worked = split(w.draws("worked"), 62_000 * (t["orders"] / 193e3) ** 0.8)
    delivered, on_time = on_time_deliveries(w)
    cost = amount_of(w.draws("delivery_cost"), t["delivery_cost"] * 100, w.orders)
    columns: dict[str, Days | Levels] = {
        "Ready by cut-off": ready,
        "Shipped same day": shipped,
        "Picks": picks,
        "Wrong picks": wrong,
        "Units": units,
        "Labour hours": hundredths / 100,
        "Hours worked": worked,
        "Recordable injuries": w.draws("injuries").poisson(2.8 * worked / 200_000),
        "Delivered": delivered,
        "Delivered on time": on_time,
        "Delivered late": delivered - on_time,
        "Delivery cost": cost / 100,
    }
    write_export(out / "fulfilment.csv", columns)


def service(w: World, out: Path) -> None:
    """Contacts, satisfaction, refunds and the Andon cord."""
    t = w.truth
    answers = split(w.draws("answers"), t["orders"] * 0.11)
    contacts = split(w.draws("contacts"), w.orders.sum(axis=1) * t["contacts_per_100"] / 100)
    refunds = split(w.draws("refunds"), t["orders"] * 0.085)
    columns = {
        "andon_pulls": whole(t["andon_pulls"], weekday_weights(w.draws("andon")) + _lumps(w, "andon")),
        "answers": answers,
        "answer_points": amount_of(w.draws("points"), t["csat"], answers),
        "contacts": contacts,
        "solved_at_first_contact": share_of(w.draws("solved"), w.fraction("fcr_pct"), contacts),
        "refunds": refunds,
        "days_to_refund": amount_of(w.draws("refund_days"), t["refund_days"], refunds),
    }
    write_wide(out / "service.csv", columns)


def _lumps(w: World, name: str) -> NDArray[np.float64]:
    """Uneven weights, so that a handful of marks does not fall one to a day."""
    return w.draws(f"{name}, lumps").exponential(0.15, (WEEKS, 7))


def calls(w: World, out: Path) -> None:
    """Calls and their waiting seconds by outcome, until the old measure was retired (S10)."""
    t = w.truth
    answered = split(w.draws("answered"), t["orders"] * 0.034)
    hung_up = split(w.draws("hung_up"), t["orders"] * 0.0036)
    p90 = t["phone_wait_p90_s"]
    told = {
        ("calls", "answered"): answered,
        ("waiting_seconds", "answered"): amount_of(w.draws("answered waits"), 0.25 * p90, answered),
        ("calls", "hung_up"): hung_up,
        ("waiting_seconds", "hung_up"): amount_of(w.draws("hung-up waits"), 1.6 * p90, hung_up),
    }
    days = DAYS[: 7 * (at(OLD_PHONE_WAIT_ENDS) + 1)]
    rows = (
        (d.isoformat(), series, outcome, int(values.ravel()[i]), (d + NEXT_DAY).isoformat())
        for i, d in enumerate(days)
        for (series, outcome), values in told.items()
    )
    write_csv(out / "calls.csv", ["day", "series", "outcome", "value", "known_on"], rows)


def sellers(w: World, out: Path) -> None:
    """Sellers, their orders and what they are owed."""
    t = w.truth
    defective, orders = rate_of(
        w.draws("seller_orders"), 0.009 * np.exp(w.walk("defects", 0.08)), t["orders"] * 0.58
    )
    in_time, payouts = rate_of(
        w.draws("payouts"), 0.991 + w.walk("payouts", 0.0015), t["active_sellers"] * 1.9
    )
    columns = {
        "active_sellers": np.rint(level(w.draws("sellers"), t["active_sellers"], 4)),
        "seller_orders": orders,
        "defective_orders": defective,
        "payouts": payouts,
        "payouts_on_time": in_time,
    }
    write_wide(out / "sellers.csv", columns)


# --- what arrives late ---------------------------------------------------------------------


def _arriving(series: str, final: Days, arrive: dict[int, float]) -> Iterator[tuple[str, str, int, str]]:
    """Each day's count as it was known after so many days, as far as it is known by now."""
    for day, count in zip(DAYS, final.ravel().tolist(), strict=True):
        for after, share in arrive.items():
            if (known := day + timedelta(days=after)) <= LAST_KNOWN:
                yield day.isoformat(), series, int(count * share), known.isoformat()


def returns(w: World, out: Path) -> None:
    """Units shipped, and units returned of the day's orders: they come back for five weeks (S9)."""
    returned, shipped = rate_of(w.draws("returned"), w.fraction("return_rate_pct"), w.truth["orders"] * 1.9)
    rows = [
        *_arriving("shipped_units", shipped, {1: 1.0}),
        *_arriving("returned_units", returned, RETURNS_ARRIVE),
    ]
    write_csv(out / "returns.csv", ["order_day", "series", "value", "known_on"], rows)


def cohorts(w: World, out: Path) -> None:
    """Customers who ordered, and those of them who ordered again within 60 days (S9)."""
    again, customers = rate_of(w.draws("again"), w.fraction("repeat_60d_pct"), w.truth["orders"] * 0.83)
    rows = [
        *_arriving("ordering_customers", customers, {1: 1.0}),
        *_arriving("ordered_again", again, REPEATS_ARRIVE),
    ]
    write_csv(out / "cohorts.csv", ["order_day", "series", "value", "known_on"], rows)


# --- finance -------------------------------------------------------------------------------


def finance(w: World, out: Path) -> None:
    """Revenue, discounts and profit by day."""
    discount = w.fraction("promo_depth_pct")
    listed = whole(w.gmv.sum(axis=1) / (1 - discount), w.gmv)
    worst = 41_000 * np.exp(w.walk("worst", 0.10))
    for week, lost in WORST_ITEMS.items():
        worst[at(week)] = lost
    columns = {
        "net_revenue": amount_of(w.draws("net_revenue"), w.take_rate, w.gmv) / 100,
        "contribution_profit": amount_of(w.draws("profit"), w.contribution * 100, w.orders) / 100,
        "list_value": listed / 100,
        "discounts": amount_of(w.draws("discounts"), discount, listed) / 100,
        "worst_items": -split(w.draws("worst"), worst * 100) / 100,
    }
    write_wide(out / "finance.csv", columns)


def cash(w: World, out: Path) -> None:
    """The cash workbook: one row a month, known on the 8th of the next."""
    season = (0.45, 0.60, 0.90, 1.15, 1.25, 1.10, 0.85, 0.80, 0.90, 1.00, 1.50, 1.50)
    months = [date(2023 + (4 + i) // 12, (4 + i) % 12 + 1, 1) for i in range(36)]  # May 2023 to April 2026.
    usual = [1.70e6 * np.exp(0.0072 * i) * season[m.month - 1] for i, m in enumerate(months)]
    drawn = w.draws("cash").normal(0, 0.18, len(months))
    rows = [
        (month, round(expected * (1 + off), -2), (month + timedelta(days=31)).replace(day=8))
        for month, expected, off in zip(months, usual, drawn.tolist(), strict=True)
    ]
    write_workbook(out / "cash.xlsx", "Cash", [("Month", "Free cash flow", "Known on"), *rows])


# --- second measurements -------------------------------------------------------------------


def second_counts(w: World, out: Path) -> None:
    """Weekly counts by somebody else. Three agree; the one of page views has no bots in it (S13)."""
    views = w.truth["detail_page_views"].copy()
    views[at(BOTS_COUNTED_TWICE) :] /= 1.045
    delivered, on_time = on_time_deliveries(w)
    late = (delivered - on_time).sum(axis=1) / delivered.sum(axis=1)
    asked = np.full(WEEKS, 4000.0)
    in_stock = w.fraction("instock_pct")

    def nearly(name: str, values: Weekly, sd: float) -> list[int]:
        return [int(v) for v in np.rint(values * jitter(w.draws(name), (WEEKS,), sd)).tolist()]

    counted = {
        "page_views_by_network": nearly("network", views, 0.003),
        "orders_by_bank": nearly("bank", w.orders.sum(axis=1).astype(np.float64), 0.0008),
        "deliveries_by_carrier": nearly("carrier", delivered.sum(axis=1) * 0.97, 0.001),
        "late_by_carrier": nearly("carrier, late", late * delivered.sum(axis=1) * 0.97, 0.01),
        "items_looked_at": nearly("shelf", asked, 0.0),
        "items_found_in_stock": nearly("shelf, found", in_stock * asked, 0.002),
    }
    carried, missed = counted["deliveries_by_carrier"], counted.pop("late_by_carrier")
    counted["on_time_by_carrier"] = [a - b for a, b in zip(carried, missed, strict=True)]
    rows = zip(
        (d.isoformat() for d in WEEK_ENDINGS),
        *counted.values(),
        ((d + NEXT_DAY).isoformat() for d in WEEK_ENDINGS),
        strict=True,
    )
    write_csv(out / "second_counts.csv", ["week_ending", *counted, "known_on"], rows)


# --- samples, for percentiles --------------------------------------------------------------


def measured_samples(w: World, out: Path) -> None:
    """Two hundred page loads, sellers' first days and pallets a day."""
    t = w.truth
    columns = {
        "page_load_ms": np.round(samples(w.draws("loads"), t["page_load_ms"], 0.75, sd=0.45), 1),
        "first_live_days": np.round(samples(w.draws("live"), t["onboarding_days"], 0.5, sd=0.40), 3),
        "dock_hours": np.round(samples(w.draws("dock"), t["dock_to_stock_h"], 0.5, sd=0.35), 3),
    }
    shaped = {name: values.reshape(len(DAYS), -1) for name, values in columns.items()}
    write_samples(out / "samples.parquet", shaped, [d + NEXT_DAY for d in DAYS], DAYS)


def phone_waits(w: World, out: Path) -> None:
    """Waits of all callers, hang-ups included: measured from W-36 on, the older part filled in later."""
    waits = np.round(samples(w.draws("waits"), w.truth["phone_wait_p90_s"], 0.9, sd=0.75), 2)
    shaped = waits.reshape(len(DAYS), -1)
    begins = 7 * at(NEW_PHONE_WAIT_BEGINS)
    older, newer = DAYS[:begins], DAYS[begins:]
    folder = out / "phone_waits"
    filled_in = [PHONE_WAIT_BACKFILLED] * begins
    write_samples(folder / "backfill_2025_10_13.parquet", {"seconds": shaped[:begins]}, filled_in, older)
    measured = [d + NEXT_DAY for d in newer]
    write_samples(folder / "measured.parquet", {"seconds": shaped[begins:]}, measured, newer)


def refund_samples(w: World, out: Path) -> None:
    """Days to refund by method; their mean is the week's mean. S14: three bank transfers of W0 wait."""
    rng = w.draws("refund_samples")
    mean = w.truth["refund_days"][:, np.newaxis]
    by_bank = np.zeros((7, SAMPLES_PER_DAY), dtype=bool)
    for day, n in enumerate(BANK_TRANSFERS):
        by_bank[day, :n] = True
    bank = by_bank.ravel()
    days = np.minimum(np.exp(rng.normal(0, 0.30, (WEEKS, 7 * SAMPLES_PER_DAY))), 2.6) * mean * 0.96
    days[:, bank] = np.minimum(days[:, bank] * 1.35, 12.0)
    newest = days[-1, bank]
    newest[np.argsort(newest, kind="stable")[-len(SLOW_REFUNDS) :]] = SLOW_REFUNDS
    days[-1, bank] = newest
    others = days[:, ~bank]
    wanted = (mean[:, 0] * bank.size - days[:, bank].sum(axis=1)) / others.sum(axis=1)
    days[:, ~bank] = others * wanted[:, np.newaxis]
    cards = np.arange(bank.size) % 3 > 0
    method = np.where(bank, "bank_transfer", np.where(cards, "card", "wallet"))
    columns: dict[str, NDArray[np.generic]] = {
        "method": np.tile(method, WEEKS).reshape(len(DAYS), -1),
        "days": np.round(days, 2).reshape(len(DAYS), -1),
    }
    write_samples(out / "refunds.parquet", columns, [d + NEXT_DAY for d in DAYS], DAYS)


# --- targets -------------------------------------------------------------------------------


def year_earlier(week_ending: date) -> int:
    """The row of the week a plan week is built on: 364 days before, Easter on Easter."""
    twin = week_ending - timedelta(days=364)
    for this, last in zip(EASTERS[1:], EASTERS[:-1], strict=True):
        if week_ending == this:
            twin = last
        elif twin == last:
            twin = this - timedelta(days=364)
    return (twin - WEEK_ENDINGS[0]).days // 7


def _smooth(weekly: Weekly) -> Weekly:
    """A centred mean of nine weeks: a plan for a rate follows the season, not last year's accidents."""
    padded = np.pad(weekly, 4, mode="edge")
    return np.convolve(padded, np.full(9, 1 / 9), mode="valid")


def plans(w: World, out: Path) -> None:
    """Finance's weekly plans for fiscal 2025 and 2026: GMV +9% on the year, and what goes with it.

    What adds up is planned on the same week a year before; a rate on the weeks around it.
    """
    t = w.truth
    rows = np.array([year_earlier(d) for d in PLAN_WEEKS])
    around = np.array([(d - WEEK_ENDINGS[0]).days // 7 - 52 for d in PLAN_WEEKS])
    gmv = np.round(1.09 * t["gmv"][rows], -3)
    sessions = np.round(1.07 * t["sessions"][rows], -3)
    value = np.round(1.01 * _smooth(t["aov"])[around], 2)
    planned = {
        "gmv": gmv,
        "average_order_value": value,
        "orders": np.round(gmv / value, -2),
        "gmv_growth": np.full(len(rows), 0.09),
        "sessions": sessions,
        "conversion": np.round(_smooth(t["conversion_pct"])[around] / 100 * 1.09 / 1.01 / 1.07, 4),
        "add_to_cart_rate": np.round(1.004 * _smooth(t["add_to_cart_pct"])[around] / 100, 4),
        "delivery_cost_per_order": np.round(0.985 * _smooth(t["delivery_cost"])[around], 2),
        "return_rate": np.round(_smooth(t["return_rate_pct"])[around] / 100 - 0.001, 4),
        "take_rate": np.full(len(rows), 0.216),
        "contribution_per_order": np.round(1.03 * _smooth(w.contribution)[around], 2),
    }
    for metric, values in planned.items():
        told = zip((d.isoformat() for d in PLAN_WEEKS), map(written, values.tolist()), strict=True)
        write_csv(out / f"{metric}.csv", ["week_ending", "value"], told)


# --- all of it -----------------------------------------------------------------------------

FILES: tuple[tuple[str, Callable[[World, Path], None]], ...] = (
    ("traffic", traffic),
    ("shop", shop),
    ("web", web),
    ("marketing", marketing),
    ("checkout", checkout),
    ("availability", availability),
    ("catalogue", catalogue),
    ("supply", supply),
    ("fulfilment", fulfilment),
    ("service", service),
    ("calls", calls),
    ("sellers", sellers),
    ("returns", returns),
    ("cohorts", cohorts),
    ("finance", finance),
    ("cash", cash),
    ("second_counts", second_counts),
    ("samples", measured_samples),
    ("phone_waits", phone_waits),
    ("refunds", refund_samples),
)


def build(out: Path, *, seed: int = SEED, progress: Callable[[str, int, int], None] | None = None) -> None:
    """Write all generated files of the demo workspace `out`: its `series/` and its `targets/`.

    Args:
        out: The workspace folder; made if it is not there. Files of the same name are replaced.
        seed: Start of every draw; the same seed gives the same bytes.
        progress: Told after each step: what was written, steps done, steps in all.
    """
    told = progress or (lambda *_: None)
    steps = len(FILES) + 1
    w = world(seed)
    for done, (name, write) in enumerate(FILES, start=1):
        write(w, out / "series")
        told(name, done, steps)
    plans(w, out / "targets")
    told("targets", steps, steps)
