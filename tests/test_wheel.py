"""The flywheel: its state, what feeds what, and where everything lies."""

from itertools import combinations

import pytest

from metrics.definitions import Definitions
from metrics.draw.flywheel import GRADES, NODE, SPOT, laid, main_loop, picture, state_words
from metrics.registry import read
from metrics.shipped import shipped
from metrics.wheel import Feed, Spoke, feeding, wheel


def spoke(driver, driven, sign="+", lags=(0, 0), look="stated"):
    return Spoke(driver, driven, sign, lags, look, "")


CHAIN = (
    spoke("forecast", "in_stock", "+", (4, 4)),
    spoke("in_stock", "conversion", "+", (0, 2)),
    spoke("price", "conversion", "-", (1, 1)),
    spoke("conversion", "orders", look="definition"),
    spoke("orders", "price", "-", (8, 8)),
    spoke("luck", "orders", look="broken"),
)


@pytest.mark.parametrize(
    "metric, fed_by",
    [
        ("in_stock", {("forecast", "in_stock"): ("+", (4, 4))}),
        (
            "orders",
            {
                ("conversion", "orders"): ("+", (0, 0)),
                ("in_stock", "conversion", "orders"): ("+", (0, 2)),
                ("price", "conversion", "orders"): ("-", (1, 1)),
                ("forecast", "in_stock", "conversion", "orders"): ("+", (4, 6)),
            },
        ),
        ("forecast", {}),
    ],
)
def test_lags_add_up_along_a_way_and_signs_multiply(metric, fed_by):
    assert feeding(metric, CHAIN) == tuple(Feed(path, *told) for path, told in fed_by.items())


@pytest.fixture(scope="module")
def wrenfield() -> Definitions:
    return read(shipped("data") / "wrenfield").definitions


@pytest.fixture(scope="module")
def shown(wrenfield):
    tiers = {"conversion": "exception", "orders": "exception", "sessions": "watch"}
    return wheel(wrenfield, wrenfield.links, tiers, {("orders", "delivery_cost_per_order"): "broken"})


def test_a_node_tells_what_its_metrics_do_this_week(shown):
    assert {n.id: state_words(n) for n in shown.nodes} == {
        "growth": "1 exception",
        "customer_experience": "nothing unusual",
        "traffic": "1 watch",
        "sellers": "nothing unusual",
        "selection": "nothing unusual",
        "lower_cost_structure": "nothing unusual",
        "lower_prices": "nothing unusual",
    }


def test_the_main_loop_is_the_longest_way_round_without_the_hub(shown):
    assert main_loop(shown) == ("customer_experience", "traffic", "sellers", "selection")


def test_inputs_stand_outside_and_outputs_inside(shown):
    where = laid(shown)
    middle = where.width / 2
    reach = {s.metric: abs(where.spots[s.metric].x - middle) for s in shown.spots}
    assert max(r for s in shown.spots if s.inside for r in [reach[s.metric]]) < min(
        r for s in shown.spots if not s.inside for r in [reach[s.metric]]
    )


def test_no_two_boxes_and_no_two_labels_lie_on_each_other(shown):
    where = laid(shown)
    boxes = [(p.x, p.y, *NODE) for p in where.nodes.values()]
    boxes += [(where.spots[s.metric].x, where.spots[s.metric].y, SPOT, 20) for s in shown.spots if s.inside]
    boxes += [
        (where.spots[s.metric].x + where.spots[s.metric].side * 110, where.spots[s.metric].y, 110, 16)
        for s in shown.spots
        if not s.inside
    ]
    on_each_other = [
        (a, b)
        for a, b in combinations(boxes, 2)
        if abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]
    ]
    assert on_each_other == []


def test_every_arrow_ends_beside_what_it_points_to(shown):
    where = laid(shown)
    for (start, end), curve in zip(shown.edges, where.edges, strict=True):
        for node, point in ((start, curve[0]), (end, curve[-1])):
            place = where.nodes[node]
            assert abs(point[0] - place.x) < NODE[0] + 60, (start, end)
            assert abs(point[1] - place.y) < NODE[1] + 60, (start, end)


def test_the_picture_holds_every_link_under_its_grade_and_never_a_correlation(shown):
    drawn = picture(shown)
    links = {row["link"]: row["grade"] for look in GRADES for row in drawn["datasets"][f"{look}_heads"]}
    assert len(links) == len(shown.spokes)
    assert links["Orders lowers Delivery cost per order"] == GRADES["broken"]
    assert links["Conversion is part of Orders"] == GRADES["definition"]
    assert "corr" not in str(drawn).lower()


def test_nodes_without_a_loop_lie_on_the_ring_and_nothing_fails(wrenfield):
    few = wrenfield.model_copy(update={"edges": wrenfield.edges[:1], "links": (), "definitions": ()})
    where = laid(wheel(few, (), {}, {}))
    assert len({(p.x, p.y) for p in where.nodes.values()}) == 7
    none = wrenfield.model_copy(update={"edges": (), "nodes": (), "links": (), "definitions": ()})
    assert laid(wheel(none, (), {}, {})).nodes == {}
