"""What made up a change: exact, without order, without unit."""

import json
import random
from math import fsum, isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.attribution import (
    UNALLOCATED,
    Attribution,
    Sums,
    additive,
    factor_parts,
    factors,
    ranked,
    ratio,
    ratio_parts,
)
from metrics.errors import DefinitionError

NAN = float("nan")
MOBILE_DESKTOP = ("mobile", "desktop")


def a_ratio(n0, d0, n1, d1, *, of_all=(None, None), own_z=None):
    names = ["mobile", "desktop", "partner", "kiosk"][: len(n0)]
    return ratio(names, Sums(n0, d0, of_all[0]), Sums(n1, d1, of_all[1]), own_z=own_z)


def told(split: Attribution) -> dict[str, float]:
    return {c.segment: c.total for c in split.contributions}


# --- the vectors -----------------------------------------------------------------------------


def answers(case: dict) -> dict:
    """The neutral form of the conformance vectors."""
    given_ = case["input"]
    if case["kind"] == "attribution.product":
        split = factors("product", given_["factors"], given_["a"], given_["b"])
        totals = [c.total for c in split.contributions]
        return {"V0": split.before, "V1": split.after, "delta": split.change, "shapley": totals}
    before = Sums(given_["n0"], given_["d0"])
    split = ratio(given_["segments"], before, Sums(given_["n1"], given_["d1"]))
    return {
        "R0": split.before,
        "R1": split.after,
        "delta": split.change,
        "rate": [c.rate for c in split.contributions],
        "mix": [c.mix for c in split.contributions],
        "rate_total": split.rate,
        "mix_total": split.mix,
    }


@pytest.mark.parametrize("name", ["product_shapley_hand", "ratio_mix_rate_hand", "ratio_new_segment"])
def test_conformance(name, shared):
    case = json.loads((shared / "vectors" / "attribution" / f"{name}.json").read_text())
    got = answers(case)
    for key, expected in case["expected"].items():
        assert got[key] == pytest.approx(expected, abs=case["tolerance"], rel=0), key


def test_no_vector_is_left_out(shared):
    names = {path.stem for path in (shared / "vectors" / "attribution").glob("*.json")}
    assert names == {"product_shapley_hand", "ratio_mix_rate_hand", "ratio_new_segment"}


# --- cases by hand ---------------------------------------------------------------------------


def test_a_ratio_falls_although_both_segments_improve():
    split = a_ratio([20, 50], [1000, 1000], [44, 55], [2000, 1000])
    assert [round(c.rate * 100, 6) for c in split.contributions] == [0.116667, 0.208333]
    assert [round(c.mix * 100, 6) for c in split.contributions] == [-0.216667, -0.308333]
    assert split.change == pytest.approx(-0.002)
    assert [c.weight_before for c in split.contributions] == [0.5, 0.5]
    assert [c.weight_after for c in split.contributions] == pytest.approx([2 / 3, 1 / 3])
    assert [c.share_of_change for c in split.contributions] == pytest.approx([0.5, 0.5])


# fmt: off
RATIOS = [
    # it shows that …                                   n0         d0          n1         d1         state               segments blamed
    ("two segments are split",                          [1, 2],    [10, 10],   [2, 2],    [10, 10],  "ok",               ()),
    ("one segment leaves nothing to split",             [1],       [10],       [2],       [10],      "nothing_to_split", ()),
    ("no segment leaves nothing to split",              [],        [],         [],        [],        "nothing_to_split", ()),
    ("no denominator before is undefined, not zero",    [0, 0],    [0, 0],     [2, 2],    [10, 10],  "undefined",        ()),
    ("no denominator after is undefined, not zero",     [1, 2],    [10, 10],   [0, 0],    [0, 0],    "undefined",        ()),
    ("a negative denominator is refused by name",       [1, 2],    [10, -1],   [2, 2],    [10, 10],  "refused",          ("desktop",)),
    ("negative numerators are ordinary",                [-1, 2],   [10, 10],   [2, -2],   [10, 10],  "ok",               ()),
    ("an unknown value is not an absent one",           [1, None], [10, 10],   [2, 2],    [10, 10],  "incomplete",       ("desktop",)),
    ("NaN is unknown",                                  [1, 2],    [10, 10],   [2, 2],    [NAN, 10], "incomplete",       ("mobile",)),
    ("infinity is no value",                            [1, 2],    [10, 10],   [2, float("inf")], [1, 10], "incomplete",  ("desktop",)),
    ("no change is split without shares",               [1, 2],    [10, 10],   [2, 1],    [10, 10],  "ok",               ()),
]
# fmt: on


@pytest.mark.parametrize(
    ("n0", "d0", "n1", "d1", "state", "because"), [c[1:] for c in RATIOS], ids=[c[0] for c in RATIOS]
)
def test_states_of_a_ratio(n0, d0, n1, d1, state, because):
    split = a_ratio(n0, d0, n1, d1)
    assert (split.state, split.because) == (state, because)
    assert bool(split.contributions) == (state == "ok")


def test_an_undefined_ratio_keeps_the_side_that_is_known():
    split = a_ratio([1, 2], [10, 10], [0, 0], [0, 0])
    assert (split.before, split.after, split.change) == (0.15, None, None)


def test_no_change_has_contributions_and_no_shares():
    split = a_ratio([1, 2], [10, 10], [2, 1], [10, 10])
    assert told(split) == pytest.approx({"mobile": 0.05, "desktop": -0.05})
    assert [c.share_of_change for c in split.contributions] == [None, None]


def test_a_change_that_is_rounding_is_no_change():
    split = additive(("US", "DE"), (0.1, 0.2), (0.3, 0.0))
    assert split.change == pytest.approx(0, abs=1e-15)
    assert [c.share_of_change for c in split.contributions] == [None, None]


def test_a_vanished_segment_contributes_through_mix_only():
    split = a_ratio([20, 50, 10], [1000, 1000, 500], [44, 55, 0], [2000, 1000, 0])
    gone = split.contributions[2]
    assert (gone.rate, gone.after) == (0.0, None)
    assert gone.before == 0.02
    assert gone.mix == gone.total
    assert fsum(told(split).values()) == pytest.approx(split.change, abs=1e-15)


def test_a_segment_absent_in_both_periods_adds_nothing():
    split = a_ratio([20, 50, 0], [1000, 1000, 0], [44, 55, 0], [2000, 1000, 0])
    assert told(split)["partner"] == 0.0


def test_a_numerator_without_denominator_still_sums_exactly():
    split = a_ratio([20, 50, 5], [1000, 1000, 0], [44, 55, 9], [2000, 1000, 0])
    assert split.contributions[2].rate == 0.0
    assert split.contributions[2].total == pytest.approx(9 / 3000 - 5 / 2000)
    assert abs(split.residual) < 1e-15


def test_what_the_segments_leave_over_has_a_row():
    split = a_ratio([20, 50], [1000, 1000], [44, 55], [2000, 1000], of_all=((80, 2200), (99, 3000)))
    assert [c.segment for c in split.contributions] == ["mobile", "desktop", UNALLOCATED]
    assert split.before == 80 / 2200
    assert split.after == 99 / 3000
    assert abs(split.residual) < 1e-15


def test_segments_that_add_up_have_no_such_row():
    split = a_ratio([0.1, 0.2], [1, 2], [0.3, 0.1], [1, 2], of_all=((0.3, 3), (0.4, 3)))
    assert [c.segment for c in split.contributions] == ["mobile", "desktop"]


def test_an_unknown_whole_is_incomplete():
    assert a_ratio([1, 2], [10, 10], [2, 2], [10, 10], of_all=((NAN, 20), None)).state == "incomplete"


def test_additive_segments():
    split = additive(("US", "DE", "FR"), (100, 50, 0), (120, 45, 5), of_all=(160, 171))
    assert told(split) == {"US": 20, "DE": -5, "FR": 5, UNALLOCATED: -9}
    assert (split.before, split.after, split.change) == (160, 171, 11)
    assert [c.growth for c in split.contributions] == pytest.approx([20 / 160, -5 / 160, 5 / 160, -9 / 160])
    assert [c.share_of_change for c in split.contributions] == pytest.approx(
        [20 / 11, -5 / 11, 5 / 11, -9 / 11]
    )
    assert {c.rate for c in split.contributions} == {None}
    assert (split.rate, split.mix) == (None, None)


def test_growth_from_nothing_has_no_points():
    split = additive(("US", "DE"), (0, 0), (1, 2))
    assert [c.growth for c in split.contributions] == [None, None]


# fmt: off
ADDITIVE = [
    ("one segment leaves nothing to split", ("US",),      (1,),      (2,),      "nothing_to_split"),
    ("an unknown value is incomplete",      ("US", "DE"), (1, None), (2, 3),    "incomplete"),
    ("negative totals are ordinary",        ("US", "DE"), (-1, -5),  (2, -3),   "ok"),
]
# fmt: on


@pytest.mark.parametrize(
    ("names", "before", "after", "state"), [c[1:] for c in ADDITIVE], ids=[c[0] for c in ADDITIVE]
)
def test_states_of_additive(names, before, after, state):
    assert additive(names, before, after).state == state


def test_a_product_of_three_by_hand():
    split = factors(
        "product", ("visits", "conversion", "order value"), (10_000, 0.04, 50), (11_000, 0.038, 54)
    )
    assert [round(c.total, 3) for c in split.contributions] == [2027.333, -1092.667, 1637.333]
    assert split.change == pytest.approx(2572)


# fmt: off
FACTORS = [
    # it shows that …                           operation     before        after         contributions            state
    ("a sum gives each its change",             "sum",        (1, 2, 3),    (2, 5, 3),    [1, 3, 0],               "ok"),
    ("a difference turns the rest round",       "difference", (10, 2, 3),   (12, 5, 1),   [2, -3, 2],              "ok"),
    ("a product of two meets half way",         "product",    (2, 3),       (4, 5),       [8, 6],                  "ok"),
    ("a quotient meets half way",               "quotient",   (6, 2),       (12, 3),      [2.5, -1.5],             "ok"),
    ("a product may pass zero",                 "product",    (0, 5),       (2, 5),       [10, 0],                 "ok"),
    ("a product may change sign",               "product",    (-1, 2),      (1, 2),       [4, 0],                  "ok"),
    ("a divisor of 0 is undefined",             "quotient",   (6, 2),       (12, 0),      [],                      "undefined"),
    ("a numerator of 0 is ordinary",            "quotient",   (0, 2),       (12, 2),      [6, 0],                  "ok"),
    ("a negative divisor is refused",           "quotient",   (6, -2),      (12, 3),      [],                      "refused"),
    ("an unknown factor is incomplete",         "product",    (6, None),    (12, 3),      [],                      "incomplete"),
    ("one factor leaves nothing to split",      "product",    (6,),         (12,),        [],                      "nothing_to_split"),
    ("none leaves nothing to split",            "product",    (),           (),           [],                      "nothing_to_split"),
]
# fmt: on


@pytest.mark.parametrize(
    ("operation", "before", "after", "parts", "state"), [c[1:] for c in FACTORS], ids=[c[0] for c in FACTORS]
)
def test_factors(operation, before, after, parts, state):
    split = factors(operation, "abcd"[: len(before)], before, after)
    assert split.state == state
    assert [c.total for c in split.contributions] == pytest.approx(parts)


def test_too_many_factors_are_refused_with_a_remedy():
    with pytest.raises(DefinitionError, match="intermediate metric"):
        factors("product", "abcdefghi", range(9), range(9))


def test_a_name_given_twice_is_refused():
    with pytest.raises(DefinitionError, match="each name once"):
        additive(("US", "US"), (1, 2), (2, 3))


def test_a_segment_inside_its_own_range_is_greyed():
    split = additive("abcde", range(5), range(1, 6), own_z={"a": 2.9, "b": -3.0, "c": 3.1, "d": NAN})
    assert [(c.own_z, c.greyed) for c in split.contributions] == [
        (2.9, True),
        (-3.0, True),
        (3.1, False),
        (None, False),
        (None, False),
    ]


def test_the_dimension_that_few_segments_explain_comes_first():
    spread = additive("abcdef", [0] * 6, [1] * 6)
    narrow = additive("abcdef", [0] * 6, [10, 1, 1, 1, 1, 1])
    rest = additive("abc", [0] * 3, [1, 1, 1], of_all=(0, 30))
    pair = additive("ab", [0] * 2, [5, 1])
    even = additive("ab", [0] * 2, [3, 3])
    alone = additive("a", [0], [6])
    found = ranked(
        {"alone": alone, "rest": rest, "even": even, "spread": spread, "pair": pair, "narrow": narrow}
    )
    assert [(r.dimension, r.top, r.share_of_top) for r in found] == [
        ("pair", ("a", "b"), 1.0),
        ("even", ("a", "b"), 1.0),
        ("narrow", ("a", "b", "c"), 0.8),
        ("spread", ("a", "b", "c"), 0.5),
        ("rest", ("a", "b", "c"), 0.1),
        ("alone", (), None),
    ]


# --- laws ------------------------------------------------------------------------------------

AMOUNTS = st.floats(-1e9, 1e9).map(lambda x: round(x, 3))
VOLUMES = st.one_of(st.just(0.0), st.floats(1e-3, 1e9))
RATIO_ROWS = st.lists(st.tuples(AMOUNTS, VOLUMES, AMOUNTS, VOLUMES), min_size=2, max_size=12)
FACTOR_ROWS = st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=2, max_size=4)
OPERATIONS = st.sampled_from(["sum", "difference", "product", "quotient"])


def split_ratio(rows):
    names = [f"s{n}" for n in range(len(rows))]
    n0, d0, n1, d1 = zip(*rows, strict=True)
    return ratio(names, Sums(n0, d0), Sums(n1, d1))


def scale_of(rows):
    return sum(abs(r[0]) for r in rows) / sum(r[1] for r in rows) + sum(abs(r[2]) for r in rows) / sum(
        r[3] for r in rows
    )


@given(RATIO_ROWS)
@settings(deadline=None)
def test_ratios_sum_exactly(rows):
    split = split_ratio(rows)
    if split.state == "ok":
        scale = scale_of(rows) + sum(abs(c.rate) for c in split.contributions)
        assert abs(split.residual) <= 1e-12 * scale_of(rows)
        assert split.rate + split.mix == pytest.approx(split.change, abs=1e-12 * scale)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=2, max_size=12), st.tuples(AMOUNTS, AMOUNTS))
@settings(deadline=None)
def test_totals_sum_exactly_whatever_is_left_over(rows, whole):
    before, after = zip(*rows, strict=True)
    split = additive([f"s{n}" for n in range(len(rows))], before, after, of_all=whole)
    scale = sum(map(abs, (*before, *after, *whole)))
    assert abs(split.residual) <= 1e-12 * scale
    assert split.change == pytest.approx(whole[1] - whole[0], abs=1e-8 * scale + 1e-12)


@given(OPERATIONS, FACTOR_ROWS)
@settings(deadline=None)
def test_factors_sum_exactly(operation, rows):
    before, after = zip(*rows, strict=True)
    split = factors(operation, "abcd"[: len(rows)], before, after)
    scale = abs(split.before) + abs(split.after) + sum(abs(c.total) for c in split.contributions)
    assert abs(split.residual) <= 1e-12 * scale


@given(RATIO_ROWS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_segments_does_not_matter(rows, chance: random.Random):
    split = split_ratio(rows)
    places = list(range(len(rows)))
    chance.shuffle(places)
    shuffled = split_ratio([rows[p] for p in places])
    assert split.state == shuffled.state
    if split.state == "ok":
        size = 1e-11 * (scale_of(rows) + sum(abs(c.rate) for c in split.contributions))
        for new, old in enumerate(places):
            for part in ("rate", "mix", "total"):
                assert getattr(shuffled.contributions[new], part) == pytest.approx(
                    getattr(split.contributions[old], part), abs=size
                )


@given(st.sampled_from(["sum", "product"]), FACTOR_ROWS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_factors_does_not_matter(operation, rows, chance: random.Random):
    places = list(range(len(rows)))
    chance.shuffle(places)
    plain = factor_parts(operation, *np.array(rows).T)
    moved = factor_parts(operation, *np.array([rows[p] for p in places]).T)
    assert moved == pytest.approx(plain[places], rel=1e-9, abs=1e-9 * float(np.abs(plain).sum()))


@given(RATIO_ROWS, st.floats(1e-3, 1e6))
@settings(deadline=None)
def test_the_unit_does_not_matter(rows, unit):
    split, scaled = split_ratio(rows), split_ratio([(a * unit, b, c * unit, d) for a, b, c, d in rows])
    if split.state == "ok":
        size = 1e-11 * unit * (scale_of(rows) + sum(abs(c.rate) for c in split.contributions))
        for one, other in zip(split.contributions, scaled.contributions, strict=True):
            assert other.total == pytest.approx(one.total * unit, abs=size)
            assert other.rate == pytest.approx(one.rate * unit, abs=size)


@given(OPERATIONS, FACTOR_ROWS)
@settings(deadline=None)
def test_going_back_undoes_the_change(operation, rows):
    before, after = np.array(rows).T
    there, back = factor_parts(operation, before, after), factor_parts(operation, after, before)
    assert there == pytest.approx(-back, rel=1e-9, abs=1e-9 * float(np.abs(there).sum()))


def test_the_closed_form_of_three_factors():
    x0, y0, z0, x1, y1, z1 = 3.0, 5.0, 7.0, 4.0, 3.0, 11.0
    parts = factor_parts("product", np.array([x0, y0, z0]), np.array([x1, y1, z1]))
    assert parts[0] == pytest.approx((x1 - x0) * (y0 * z0 / 3 + (y0 * z1 + y1 * z0) / 6 + y1 * z1 / 3))


def test_many_ratios_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(3)
    d0, d1 = rng.gamma(2, 500, (2, 40, 9))
    n0, n1 = rng.normal(0, 20, (2, 40, 9))
    d0[3, 2] = n0[3, 2] = d1[7, 1] = n1[7, 1] = 0
    d0[11] = 0
    many = ratio_parts(n0, d0, n1, d1)
    for row in range(40):
        split = split_ratio(list(zip(n0[row], d0[row], n1[row], d1[row], strict=True)))
        if row == 11:
            assert split.state == "undefined"
            assert np.isnan(many.total[row]).all()
        else:
            assert isclose(many.total[row].sum(), split.change, rel_tol=0, abs_tol=1e-12)
            assert [c.rate for c in split.contributions] == pytest.approx(many.rate[row])
            assert [c.mix for c in split.contributions] == pytest.approx(many.mix[row])
