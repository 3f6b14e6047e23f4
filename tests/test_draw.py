import re
from dataclasses import replace
from itertools import combinations, pairwise
from math import isclose
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metrics.draw import six_twelve, style
from metrics.draw.labels import width
from metrics.draw.scale import scale
from metrics.six_twelve import Annotation
from tests.drawn import WEEK, a_chart, a_line, a_target

SVG = "{http://www.w3.org/2000/svg}"
NOTHING = (None,) * 6


def drawn(chart, **options):
    """The chart as a tree; that it can be read as XML is part of every test."""
    return ElementTree.fromstring(six_twelve.svg(chart, key="b1", palette="paper", **options))


def path(tree, half, kind):
    """What one kind of path draws in one half; empty if nothing."""
    found = tree.findall(f"{SVG}g[@class='{half}']/{SVG}path[@class='{kind}']")
    return found[0].get("d") if found else ""


def points(d):
    """Where a path of straight segments goes: a list of strokes, each a list of (x, y)."""
    strokes = [piece for piece in re.split("M", d) if piece]
    return [[tuple(map(float, pair.split()[:2])) for pair in re.split("L", stroke)] for stroke in strokes]


def printed(tree):
    """Labels of points with the rectangle they cover, left, top, right, bottom."""
    found = []
    for label in tree.findall(f"{SVG}g[@class='labels']/{SVG}text"):
        x, y, wide = float(label.get("x")), float(label.get("y")), width(label.text)
        found.append((label.text, (x - wide / 2, y - 7.7, x + wide / 2, y)))
    return found


def test_six_weeks_and_twelve_months_with_a_blank_between():
    tree = drawn(a_chart())
    weeks, months = points(path(tree, "weeks", "now")), points(path(tree, "months", "now"))
    assert [len(stroke) for stroke in weeks + months] == [6, 12]
    assert months[0][0][0] - weeks[0][-1][0] > 20
    assert len(tree.findall(f".//{SVG}rect[@class='slot']")) == 18


def test_the_scale_does_not_start_at_zero_and_heights_follow_values():
    tree = drawn(a_chart(a_line(weeks=(100.0, 110.0, 120.0, 130.0, 140.0, 150.0)), two_axes=True))
    heights = [y for _, y in points(path(tree, "weeks", "now"))[0]]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[-1] > 60


# fmt: off
GAPS = [
    # it shows that …                              weeks                                    strokes of the line
    ("an unbroken line is one stroke",             (1.0, 2.0, 3.0, 4.0, 5.0, 6.0),          [6]),
    ("a missing week cuts the line",               (1.0, 2.0, 3.0, None, 5.0, 6.0),         [3, 2]),
    ("a lone point has no line",                   (1.0, None, 3.0, 4.0, None, 6.0),        [2]),
    ("no value draws nothing",                     NOTHING,                                 []),
]
# fmt: on


@pytest.mark.parametrize("weeks, strokes", [c[1:] for c in GAPS], ids=[c[0] for c in GAPS])
def test_lines_never_join_across_a_gap(weeks, strokes):
    states = tuple("missing" if v is None else "complete" for v in weeks)
    tree = drawn(a_chart(a_line(weeks=weeks, weeks_state=states)))
    assert [len(stroke) for stroke in points(path(tree, "weeks", "now"))] == strokes


def test_an_incomplete_week_is_a_hollow_point_that_no_line_reaches():
    line = a_line(
        weeks=(100.0, 130.0, 110.0, 150.0, 120.0, None),
        weeks_state=("complete",) * 5 + ("partial",),
        weeks_days=((7, 7),) * 5 + ((5, 7),),
        weeks_incomplete=(None,) * 5 + (101.0,),
    )
    tree = drawn(a_chart(line))
    assert path(tree, "weeks", "hollow").count("M") == 1
    assert [len(stroke) for stroke in points(path(tree, "weeks", "now"))] == [5]
    assert path(tree, "weeks", "dots").count("M") == 5
    assert "5/7" in dict(printed(tree))


def test_a_sum_of_one_day_does_not_bend_the_scale():
    complete = a_chart(a_line(weeks=(100.0, 101.0, 102.0, 103.0, 104.0, None)), two_axes=True)
    line = replace(
        complete.lines[0],
        weeks_state=("complete",) * 5 + ("partial",),
        weeks_incomplete=(None,) * 5 + (14.0,),
        weeks_days=((7, 7),) * 5 + ((1, 7),),
    )
    partial = replace(complete, lines=(line,))
    assert path(drawn(partial), "weeks", "now") == path(drawn(complete), "weeks", "now")


def test_immature_points_are_half_filled_and_the_way_to_them_is_dotted():
    line = a_line(weeks_state=("complete",) * 3 + ("immature",) * 3)
    tree = drawn(a_chart(line))
    counts = {kind: path(tree, "weeks", kind).count("M") for kind in ("dots", "soft", "moon", "loose")}
    assert counts == {"dots": 3, "soft": 3, "moon": 3, "loose": 3}
    assert [len(stroke) for stroke in points(path(tree, "weeks", "now"))] == [3]


def test_targets_are_markers_and_year_earlier_is_a_line_without_markers():
    tree = drawn(a_chart(a_line(), a_target()))
    assert path(tree, "weeks", "target").count("M") == 6
    assert path(tree, "months", "target").count("M") == 12
    assert len(tree.findall(f".//{SVG}path[@class='before']")) == 2
    kinds = [p.get("class") for p in tree.findall(f"{SVG}g[@class='weeks']/{SVG}path")]
    assert kinds == ["before", "target", "now", "dots"]  # year earlier lies behind all else


def test_a_new_definition_cuts_the_line_with_a_double_rule():
    tree = drawn(a_chart(a_line(break_week=2, break_month=6)))
    assert [len(stroke) for stroke in points(path(tree, "weeks", "now"))] == [2, 4]
    assert [len(stroke) for stroke in points(path(tree, "months", "now"))] == [6, 6]
    assert len(tree.findall(f".//{SVG}path[@class='break']")) == 2


def test_weeks_paired_by_an_event_carry_a_glyph():
    line = a_line(paired_by=(None, "Easter", None, None, None, "Prime"))
    assert drawn(a_chart(line)).find(f"{SVG}path[@class='pair']").get("d").count("M") == 2
    assert drawn(a_chart()).find(f"{SVG}path[@class='pair']") is None


def test_annotations_are_numbered_at_their_points():
    notes = (
        Annotation(1, WEEK, 5, None, "a"),
        Annotation(2, WEEK, 5, None, "b"),
        Annotation(3, WEEK, None, 2, "c"),
    )
    tree = drawn(a_chart(annotations=notes))
    assert [t.text for t in tree.findall(f"{SVG}g[@class='notes']/{SVG}text")] == ["1,2", "3"]


def test_each_half_has_its_axis_where_the_months_are_much_larger():
    one, two = drawn(a_chart(a_line())), drawn(a_chart(a_line(), two_axes=True))
    assert one.find(f"{SVG}g[@class='right ofmonths']") is None
    assert len(two.findall(f"{SVG}g[@class='right ofmonths']/{SVG}text")) == 4
    assert len(two.findall(f"{SVG}g[@class='left ofweeks']/{SVG}text")) == 4


def test_a_monthly_series_has_one_axis_and_no_targets_among_the_weeks():
    line = a_line(weeks=NOTHING, weeks_year_earlier=NOTHING, weeks_state=("missing",) * 6)
    tree = drawn(a_chart(line, a_target(), two_axes=True))
    assert tree.get("class") == "w-612"
    assert path(tree, "weeks", "target") == ""
    assert path(tree, "months", "target").count("M") == 12
    assert tree.findall(f"{SVG}g[@class='left']/{SVG}text")[0].text == "360"


def test_all_weeks_are_printed_and_of_the_months_first_last_lowest_and_highest():
    months = (450.0, 430.0, 470.0, 401.0, 490.0, 520.0, 480.0, 560.0, 500.0, 499.0, 505.0, 503.0)
    words = [words for words, _ in printed(drawn(a_chart(a_line(months=months))))]
    assert words[:6] == ["100", "130", "110", "150", "120", "140"]
    assert {"450", "401", "560", "503"} <= set(words[6:])


def test_a_secondary_line_of_another_unit_has_its_own_scale_and_ink():
    second = a_line(
        metric="growth", name="Growth", role="secondary", unit="fraction", weeks=(0.1, 0.2, 0.1, 0.2, 0.1, 0.2),
        months=(0.1,) * 11 + (0.3,),
    )  # fmt: skip
    alone, both = drawn(a_chart(a_line())), drawn(a_chart(a_line(), second))
    assert path(alone, "weeks", "now") == path(both, "weeks", "now")
    assert [len(stroke) for stroke in points(path(both, "weeks", "second"))] == [6]
    said = [t.text for t in both.findall(f".//{SVG}text[@class='ofsecond']")]
    assert said == ["20.0%", "30.0%"]


HARD = {
    "flat": a_line(weeks=(4.3,) * 6, months=(4.3,) * 12),
    "all zero": a_line(weeks=(0.0,) * 6, months=(0.0,) * 12),
    "nothing known": a_line(weeks=NOTHING, months=(None,) * 12, weeks_state=("missing",) * 6),
    "one point": a_line(weeks=(None,) * 5 + (3.5,), months=(None,) * 12),
    "huge": a_line(unit="currency", weeks=(1.2e12, 1.3e12) * 3, months=(5.1e12, 5.2e12) * 6),
    "tiny": a_line(unit="number", weeks=(1.2e-6, 1.3e-6) * 3, months=(1.2e-6, 1.4e-6) * 6),
    "negative": a_line(unit="currency", weeks=(-1.2e6, -0.8e6) * 3, months=(-2e6, 1e6) * 6),
}


@pytest.mark.parametrize("line", HARD.values(), ids=HARD.keys())
def test_hard_values_draw_within_the_frame(line):
    for two in (False, True):
        chart = a_chart(line, two_axes=two)
        tree = drawn(replace(chart, annotations=(Annotation(1, WEEK, 5, 11, "x"),)))
        for _, (left, top, right, bottom) in printed(tree):
            assert left >= 0
            assert right <= six_twelve.WIDTH
            assert top >= 0
            assert bottom <= six_twelve.FLOOR  # clear of the names below


amounts = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False).map(lambda v: round(v, 3))


@settings(max_examples=60, deadline=None)
@example(weeks=(11051.0, 10000.0, 50.0, 50.0, 9250.0, 11050.0), target=50.0, two=False)
@example(weeks=(11051.0, 10000.0, 50.0, 50.0, 9250.0, 11050.0), target=50.0, two=True)
@given(
    weeks=st.tuples(*[st.floats(min_value=50.0, max_value=99_000.0).map(lambda v: round(v, 1))] * 6),
    target=st.floats(min_value=50.0, max_value=99_000.0),
    two=st.booleans(),
)
def test_no_printed_value_covers_another(weeks, target, two):
    chart = a_chart(a_line(weeks=weeks), a_target(), two_axes=two)
    chart = replace(chart, lines=(chart.lines[0], replace(chart.lines[1], weeks=(target,) * 6)))
    for (a, one), (b, other) in combinations(printed(drawn(chart)), 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (a, b)


@given(values=st.lists(amounts, min_size=1, max_size=40))
def test_a_scale_holds_all_values_in_four_even_ticks(values):
    ticks = scale(values, "number").ticks
    steps = [b - a for a, b in pairwise(ticks)]
    reach = 1e-6 * max(map(abs, (*values, *ticks)))
    assert len(ticks) == 4
    assert ticks[0] - reach <= min(values)
    assert max(values) <= ticks[-1] + reach
    assert all(isclose(step, steps[0], rel_tol=1e-6, abs_tol=1e-9) for step in steps)
    assert ticks[0] >= 0 or min(values) < 0


# fmt: off
SCALES = [
    # it shows that …                          values                    unit         ticks
    ("bounds are nice",                        (512.0, 601.0),           "number",    (500.0, 550.0, 600.0, 650.0)),
    ("nobody counts half an order",            (0.0, 1.0),               "count",     (0.0, 1.0, 2.0, 3.0)),
    ("a share does not pass 100%",             (0.9989, 0.9999),         "fraction",  (0.9988, 0.9992, 0.9996, 1.0)),
    ("nothing known is an empty frame",        (None, None),             "count",     (0.0, 1.0, 2.0, 3.0)),
]
# fmt: on


@pytest.mark.parametrize("values, unit, ticks", [c[1:] for c in SCALES], ids=[c[0] for c in SCALES])
def test_scales(values, unit, ticks):
    assert scale(values, unit).ticks == pytest.approx(ticks)


def test_colours_are_variables_on_screen_and_literal_on_paper():
    screen = six_twelve.svg(a_chart(), key="b1")
    paper = six_twelve.svg(a_chart(), key="b1", palette="paper")
    assert "#" not in re.sub("&#[0-9a-z]+;", "", screen)
    assert "var(" not in paper
    assert style.LIGHT["now"] in paper


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_inks_can_be_read_on_their_page(palette):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(ink):
        a, b = sorted((light(palette[ink]), light(palette["page"])))
        return (b + 0.05) / (a + 0.05)

    words = {ink: round(contrast(ink), 2) for ink in ("ink", "quiet", "now", "months", "second", "attention")}
    marks = {ink: round(contrast(ink), 2) for ink in ("target", "before")}
    assert min(words.values()) >= 4.5, words
    assert marks["target"] >= 3, marks
    assert marks["before"] >= 2.5, marks  # paler than all else, on purpose: it lies behind


def test_each_variable_a_rule_names_has_a_colour_in_both_palettes():
    named = set(re.findall(r"var\(--w-([a-z]+)", style.css())) - {"font", "columns"}
    assert named <= set(style.LIGHT)
    assert set(style.LIGHT) == set(style.DARK)


def test_words_from_outside_are_text():
    bad = "<script>alert(1)</script>\"onload='x' ]]> & javascript:x"
    line = a_line(name=bad, paired_by=(bad,) * 6)
    tree = drawn(a_chart(line, annotations=(Annotation(1, WEEK, 5, None, bad),)))
    assert tree.find(f"{SVG}title").text == bad
    assert bad in tree.findall(f".//{SVG}rect[@class='slot']/{SVG}title")[5].text
    assert {e.tag.removeprefix(SVG) for e in tree.iter()} <= {
        "svg", "title", "desc", "style", "g", "path", "text", "rect",
    }  # fmt: skip


def test_the_same_values_draw_the_same_string():
    assert six_twelve.svg(a_chart(), key="b1") == six_twelve.svg(a_chart(), key="b1")
