"""The API on a real server: who is let in, what is answered, what is taken, and what is refused in words."""

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from metrics import api, open_workspace
from metrics.api.addresses import ADDRESSES
from metrics.api.openapi import document
from metrics.api.pace import Buckets, Pace
from metrics.cli import main
from metrics.errors import DecisionError, DefinitionError, NotAllowedError, UnknownNameError
from tests.browser import LAST_WEEK
from tests.programs import a_spoken_to_shop, bearing, listening

WIDE = api.Limits(pace=Pace(burst=1_000_000, per_second=1_000_000))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return a_spoken_to_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def address(house):
    with listening(Starlette(routes=[Mount("/api", api.app(lambda: house, WIDE))])) as base:
        yield f"{base}/api/v1"


@pytest.fixture(scope="module")
def reader(house):
    return bearing(house, "ada")


@pytest.fixture(scope="module")
def pusher(house):
    return bearing(house, "yuki", "read", "push:app", "push:depot")


@pytest.fixture(scope="module")
def line():
    with httpx.Client(timeout=60) as client:
        yield client


# --- who is let in ----------------------------------------------------------------------------------


def expired(house):
    token = bearing(house, "ada")
    _, secret = house.tokens.issue(
        "soon", "ada", ["read"], by="t", expires=house.moment() + timedelta(seconds=0.05)
    )
    time.sleep(0.1)
    return {**token, "Authorization": f"Bearer {secret}"}


def revoked(house):
    token, secret = house.tokens.issue("gone", "ada", ["read"], by="t")
    house.tokens.revoke(token.id, by="t", because="lost")
    return {"Authorization": f"Bearer {secret}"}


def tampered(house):
    good = bearing(house, "ada")["Authorization"]
    return {"Authorization": good[:-1] + ("0" if good[-1] != "0" else "1")}


# fmt: off
STRANGERS = [
    # who knocks                         with what
    ("nobody",                           lambda _: {}),
    ("a cookie alone",                   lambda _: {"Cookie": "_streamlit_user=abc; _streamlit_xsrf=abc"}),
    ("a token in the wrong scheme",      lambda h: {"Authorization": bearing(h, "ada")["Authorization"].replace("Bearer", "Basic")}),
    ("a token that is none",             lambda _: {"Authorization": "Bearer hello"}),
    ("a token of the right shape",       lambda _: {"Authorization": f"Bearer sxt_{'0' * 10}_{'0' * 64}"}),
    ("one with its last letter changed", tampered),
    ("one that is over",                 expired),
    ("one that was taken back",          revoked),
    ("one with SQL in it",               lambda _: {"Authorization": "Bearer sxt_' OR 1=1 --"}),
]
# fmt: on


@pytest.mark.parametrize("knocks", [s[1] for s in STRANGERS], ids=[s[0] for s in STRANGERS])
def test_nobody_is_let_in_without_a_token_that_stands(knocks, house, address, line):
    headers = knocks(house)
    for path in [a.path for a in ADDRESSES]:
        answer = line.get(f"{address}{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert line.post(f"{address}/observations", headers=headers, json={}).status_code == 401


def test_a_token_is_shown_once_and_kept_as_a_hash(house):
    token, secret = house.tokens.issue("x", "ada", ["read"], by="t")
    told = json.dumps([dict(f.body) for f in house.journal.facts(kind="token")])
    assert secret not in told
    assert secret.rsplit("_", 1)[1] not in told
    assert token.hashed in told
    assert house.tokens.last_used(token.id) is None
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    assert house.tokens.bearer(secret) == token
    assert before <= house.tokens.last_used(token.id) <= datetime.now(UTC)


def test_a_revoked_token_is_out_at_once(house, address, line):
    token, secret = house.tokens.issue("x", "ada", ["read"], by="t")
    headers = {"Authorization": f"Bearer {secret}"}
    assert line.get(f"{address}/owners", headers=headers).status_code == 200
    open_workspace(house.folder).tokens.revoke(token.id, by="t")  # As another process does.
    assert line.get(f"{address}/owners", headers=headers).status_code == 401
    with pytest.raises(DecisionError, match="revoked by t"):
        house.tokens.revoke(token.id, by="t")


def test_nobody_makes_a_token_in_anothers_name_without_the_right(house):
    with pytest.raises(NotAllowedError, match="issue a token"):
        house.tokens.issue("x", "cora", ["read"], by="ada")
    assert house.tokens.issue("x", "ada", ["read"], by="ada")[0].person == "ada"
    assert house.tokens.issue("x", "cora", ["read"], by="yuki")[0].by == "yuki"


def test_a_role_that_is_taken_away_is_gone_for_the_persons_tokens_at_once(house, address, line):
    house.entering.grant("ben", "analyst", by="pia", because="while Yuki is away")
    headers = bearing(house, "ben", "push:app")
    assert push(line, address, headers, [a_value("2025-02-01", 1)]).status_code == 201
    house.entering.revoke("ben", "analyst", by="pia", because="Yuki is back")
    late = push(line, address, headers, [a_value("2025-02-02", 1)])
    assert (late.status_code, "may not load numbers" in late.json()["detail"]) == (403, True)
    assert stored(house, "installs", "2025-02-02") == {}


# fmt: off
UNMADE = [
    # why it is not made              name   person   scopes            error
    ("no such person",                "x",   "nobody", ["read"],         UnknownNameError),
    ("no scope",                      "x",   "ada",    [],               DecisionError),
    ("a scope that is none",          "x",   "ada",    ["write"],        UnknownNameError),
    ("a source that has files",       "x",   "yuki",   ["push:shop"],    UnknownNameError),
    ("its person may not load",       "x",   "ada",    ["push:app"],     NotAllowedError),
    ("no name",                       " ",   "ada",    ["read"],         DecisionError),
]
# fmt: on


@pytest.mark.parametrize(
    ("name", "person", "scopes", "error"), [u[1:] for u in UNMADE], ids=[u[0] for u in UNMADE]
)
def test_a_token_is_not_made(name, person, scopes, error, house):
    before = house.journal.version
    with pytest.raises(error):
        house.tokens.issue(name, person, scopes, by="t")
    assert house.journal.version == before


def test_a_scope_opens_what_it_names_and_nothing_else(house, address, line, reader):
    only_push = bearing(house, "yuki", "push:depot")
    assert line.get(f"{address}/deck", headers=only_push).status_code == 403
    body = {"source": "app", "observations": [a_value()]}
    for headers in (only_push, reader):
        answer = line.post(f"{address}/observations", headers=headers, json=body)
        assert answer.status_code == 403
        assert "push:app" in answer.json()["detail"]


def test_a_token_that_asks_too_often_waits_and_others_do_not(house, line):
    limits = api.Limits(pace=Pace(burst=3, per_second=0.5))
    busy, calm = bearing(house, "ada"), bearing(house, "ben")
    with listening(Starlette(routes=[Mount("/api", api.app(lambda: house, limits))])) as base:
        told = [line.get(f"{base}/api/v1/owners", headers=busy).status_code for _ in range(5)]
        assert told[:3] == [200, 200, 200]
        assert told[-1] == 429
        late = line.get(f"{base}/api/v1/owners", headers=busy)
        assert 1 <= int(late.headers["retry-after"]) <= 2
        assert line.get(f"{base}/api/v1/owners", headers=calm).status_code == 200


def test_a_bucket_fills_again():
    now = [0.0]
    buckets = Buckets(Pace(burst=2, per_second=0.5), lambda: now[0])
    assert [buckets.wait("a") for _ in range(3)] == [0, 0, 2]
    now[0] = 1.9
    assert buckets.wait("a") == pytest.approx(0.1)
    now[0] = 2.0
    assert buckets.wait("a") == 0


def test_more_than_the_threads_can_take_are_sent_away(house, line, reader):
    held, let_go = threading.Event(), threading.Event()

    def slow() -> Any:
        held.set()
        let_go.wait(20)
        return house

    limits = api.Limits(pace=WIDE.pace, threads=1, waiting=1, seconds=15)
    with listening(Starlette(routes=[Mount("/api", api.app(slow, limits))])) as base:
        told: list[int] = []
        askers = [
            threading.Thread(
                target=lambda: told.append(
                    httpx.get(f"{base}/api/v1/owners", headers=reader, timeout=30).status_code
                )
            )
            for _ in range(4)
        ]
        askers[0].start()
        held.wait(10)
        for asker in askers[1:]:
            asker.start()
        assert httpx.get(f"{base}/api/v1/openapi.json", timeout=20).status_code == 200  # The loop is free.
        time.sleep(0.3)
        let_go.set()
        for asker in askers:
            asker.join(20)
    assert sorted(set(told)) == [200, 503]


def test_what_takes_too_long_is_given_up(house, line, reader):
    limits = api.Limits(pace=WIDE.pace, seconds=0.2)

    def slow() -> Any:
        time.sleep(0.6)
        return house

    with listening(Starlette(routes=[Mount("/api", api.app(slow, limits))])) as base:
        answer = line.get(f"{base}/api/v1/owners", headers=reader)
    assert answer.status_code == 504
    assert "wbr prepare" in answer.json()["detail"]


# --- what is answered -------------------------------------------------------------------------------


def test_the_deck_is_the_exporters_deck_with_its_stamp(house, address, line, reader):
    told = line.get(f"{address}/deck", headers=reader).json()
    stamp = told.pop("stamp")
    assert told == json.loads(house.seen_by("ada").exporting.exported(name="json").data)
    assert stamp["week_ending"] == LAST_WEEK.isoformat()
    assert stamp["data_version"] == house.version
    assert stamp["published"] is None


@pytest.mark.parametrize("path", [a.path for a in ADDRESSES])
def test_every_answer_has_its_stamp_and_its_shape(path, house, address, line, reader):
    more = {"/observations": "?metric=orders", "/series": "?series=orders"}.get(path, "")
    answer = line.get(f"{address}{path}{more}", headers=reader)
    assert answer.status_code == 200, answer.text
    shape = next(a.shape for a in ADDRESSES if a.path == path)
    shape.model_validate(answer.json())
    assert set(answer.json()["stamp"]) >= {
        "week_ending", "as_of", "published", "certified_by", "certified", "certifiable", "data_version",
    }  # fmt: skip
    assert answer.headers["cache-control"] == "private, no-cache"


def test_an_answer_that_is_known_is_not_sent_again(house, address, line, reader):
    first = line.get(f"{address}/deck", headers=reader)
    tag = first.headers["etag"]
    again = line.get(f"{address}/deck", headers={**reader, "If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = line.get(f"{address}/deck", headers={**bearing(house, "ben"), "If-None-Match": tag})
    assert other.status_code == 200  # Another reader may see something else.
    house.loop.saying.annotate("orders", LAST_WEEK, "a word more", by="ben")
    assert line.get(f"{address}/deck", headers={**reader, "If-None-Match": tag}).status_code == 200


def test_an_answer_is_packed_for_who_can_unpack(address, reader):
    with httpx.Client() as client:
        request = client.build_request(
            "GET", f"{address}/deck", headers={**reader, "Accept-Encoding": "gzip"}
        )
        answer = client.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(raw))["schema"] == "sixtwelve.deck/1"
        plain = client.get(f"{address}/deck", headers={**reader, "Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers


def test_a_frozen_edition_is_answered_as_it_was_frozen(house, address, line, reader):
    week = LAST_WEEK - timedelta(weeks=4)
    edition = house.loop.publish(by="pia", week_ending=week, deck="company", despite="a test")
    asked = f"{address}/deck?week={week}&deck=company&edition=1"
    told = line.get(asked, headers=bearing(house, "cora"))
    assert told.status_code == 200, told.text
    frozen = told.json()
    stamp = frozen.pop("stamp")
    assert (stamp["published"]["edition"], stamp["published"]["by"]) == (1, "pia")
    assert frozen == house.loop.publishing.values(edition)
    seen = line.get(asked, headers=reader)  # Who may not see all of it has the rest.
    assert (seen.status_code, "wages" in seen.text) == (200, False)
    assert [b["number"] for b in seen.json()["blocks"]] == [b["number"] for b in frozen["blocks"]]
    assert line.get(f"{address}/deck?week={week}&edition=7", headers=reader).status_code == 404


# fmt: off
REFUSED = [
    # what is asked                                   status  said
    ("/deck?week=<script>alert(1)</script>",          400, "not a week"),
    ("/deck?week=2026-02-30",                         400, "not a week"),
    ("/deck?week=2026-05-01",                         404, "weeks end on Saturday"),
    ("/deck?week=1999-01-02",                         404, "weeks go from"),
    ("/deck?week=latest&week=latest",                 400, "told twice"),
    ("/deck?weak=latest",                             400, "Did you mean 'week'"),
    ("/deck?deck=nope",                               404, "not among decks"),
    ("/deck?deck=Robert');DROP TABLE load;--",        400, "id has small letters"),
    ("/deck?as_of=yesterday",                         400, "not a time"),
    ("/deck?edition=first",                           400, "not a whole number"),
    ("/deck?edition=0",                               400, "edition"),
    ("/deck?week=" + "9" * 10_000,                    414, "too long"),
    ("/signals?tier=red",                             400, "tier"),
    ("/signals?metric=order",                         404, "Did you mean 'orders'"),
    ("/links?driver=' OR '1'='1",                     400, "driver"),
    ("/owners?person=' OR '1'='1",                    404, "not among people"),
    ("/observations",                                 400, "is needed"),
    ("/observations?metric=orders&grain=hour",        400, "grain"),
    ("/observations?metric=orders&segment=store",     400, "name:value"),
    ("/observations?metric=orders&segment=a:' OR 1=1",404, "not told by"),
    ("/observations?metric=orders&limit=1e9",         400, "limit"),
    ("/observations?metric=orders&from=01/02/2026",   400, "not a date"),
    ("/series?series=orders' UNION SELECT 1",         400, "series"),
    ("/series?series=nope",                           404, "not among series"),
    ("/nothing",                                      404, "no such address"),
]
# fmt: on


@pytest.mark.parametrize(("path", "status", "said"), REFUSED, ids=[r[0][:60] for r in REFUSED])
def test_what_cannot_be_answered_is_said_in_words(path, status, said, address, line, reader):
    answer = line.get(f"{address}{path}", headers=reader)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert said in f"{told['detail']} {told.get('errors', '')}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert len(answer.text) < 2_000


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_changed_but_by_a_push(method, address, line, reader):
    answer = line.request(method, f"{address}/deck", headers=reader)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_a_confidential_metric_is_absent_for_who_may_not_see_it(house, address, line, reader):
    cora = bearing(house, "cora")
    assert "wages" in line.get(f"{address}/metrics", headers=cora).text
    assert line.get(f"{address}/observations?metric=wages", headers=cora).status_code == 200
    for path in (
        "/metrics",
        "/signals",
        "/owners",
        "/links",
        "/deck",
        "/observations?metric=wages",
        "/deck?deck=secret",
    ):
        answer = line.get(f"{address}{path}", headers=reader)
        assert "wages" not in answer.text.lower().replace("'wages' is not among metrics", "")
        assert "cora" not in answer.text or path == "/owners"
    assert line.get(f"{address}/observations?metric=wages", headers=reader).status_code == 404
    assert line.get(f"{address}/deck?deck=secret", headers=reader).status_code == 404


# fmt: off
STRETCHES = [
    # grain      from          to             how many
    ("day",     "2026-04-26", "2026-05-02",  7),
    ("week",    "2026-04-12", "2026-05-02",  3),
    ("month",   "2025-05-01", "2026-05-02",  12),
    ("quarter", "2025-01-01", "2026-05-02",  5),
    ("year",    "2025-01-01", "2026-05-02",  1),
    ("week",    "2026-05-02", "2026-04-12",  0),
    ("month",   "2030-01-01", "2030-03-01",  0),
]
# fmt: on


@pytest.mark.parametrize(("grain", "first", "last", "count"), STRETCHES)
def test_observations_are_periods_rolled_up_from_days(
    grain, first, last, count, house, address, line, reader
):
    asked = f"{address}/observations?metric=orders&grain={grain}&from={first}&to={last}"
    rows = line.get(asked, headers=reader).json()["rows"]
    assert len(rows) == count or (grain == "month" and first.startswith("2030"))
    days = house.history("orders", "day").set_index("day")["value"]
    for row in rows:
        span = days.loc[row["first_day"] : row["last_day"]]
        if row["state"] == "complete":
            assert row["value"] == pytest.approx(span.sum())
        else:
            assert row["value"] is None


def test_pages_follow_each_other_without_a_gap(address, line, reader):
    whole = line.get(f"{address}/observations?metric=orders&grain=day", headers=reader).json()["rows"]
    pages, at = [], "observations?metric=orders&grain=day&limit=100"
    while at:
        told = line.get(f"{address}/{at}", headers=reader).json()
        pages += told["rows"]
        at = told["next"]
    assert pages == whole
    assert len(whole) == 483


def test_what_was_known_then_is_answered(house, address, line, reader):
    before = line.get(f"{address}/observations?metric=orders&as_of=2020-01-01T00:00:00Z", headers=reader)
    assert {row["value"] for row in before.json()["rows"]} == {None}
    beyond = line.get(f"{address}/observations?metric=orders&as_of=9999-12-31T23:59:59Z", headers=reader)
    now = line.get(f"{address}/observations?metric=orders", headers=reader)
    assert beyond.json()["rows"] == now.json()["rows"]


# --- what is taken ----------------------------------------------------------------------------------


def a_value(day="2026-05-01", value=7, series="installs", **more):
    return {"series": series, "day": day, "value": value, "segments": {"store": "play"}, **more}


def push(line, address, headers, values, source="app", key=None):
    more = {"Idempotency-Key": key} if key else {}
    body = {"source": source, "observations": values}
    return line.post(f"{address}/observations", headers={**headers, **more}, json=body)


def stored(house, series, day):
    told = house.store.observations(
        series, first=date.fromisoformat(day), last=date.fromisoformat(day), where={}, size=50
    )
    return dict(zip(told["segments"], told["value"], strict=True))


def test_a_push_is_a_load_that_says_who_and_can_be_undone(house, address, line, pusher):
    values = [a_value("2025-03-01", 3), a_value("2025-03-02", 4), a_value("2025-03-01", 1, series="crashes")]
    answer = push(line, address, pusher, values)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["rows"], told["kept"], told["restated"], told["replayed"]) == (3, 3, 0, False)
    newest = house.loads().iloc[0]
    assert (newest["load"], newest["by"], newest["sources"]) == (told["load"], "yuki", "app")
    assert stored(house, "installs", "2025-03-01") == {'{"store": "play"}': 3.0}
    assert "pushed" in set(house.provenance("installs")["file"])

    again = push(line, address, pusher, values)
    assert (again.status_code, again.json()["load"], again.json()["unchanged"]) == (200, None, 3)
    house.undo(told["load"], by="yuki")
    assert stored(house, "installs", "2025-03-01") == {}


def test_a_weekly_source_puts_its_value_on_the_weeks_last_day(house, address, line, pusher):
    values = [{"series": "pallets", "day": "2026-04-28", "value": 12.5}]
    assert push(line, address, pusher, values, source="depot").status_code == 201
    assert stored(house, "pallets", "2026-05-02") == {"{}": 12.5}


def test_a_key_answers_a_repeated_push_as_the_first_time(house, address, line, pusher):
    first = push(line, address, pusher, [a_value("2025-04-01", 1)], key="job-1")
    assert first.status_code == 201
    assert push(line, address, pusher, [a_value("2025-04-01", 2)], key="job-2").json()["restated"] == 1
    late = push(line, address, pusher, [a_value("2025-04-01", 1)], key="job-1")
    assert (late.status_code, late.json()["replayed"], late.json()["load"]) == (
        200,
        True,
        first.json()["load"],
    )
    assert stored(house, "installs", "2025-04-01") == {'{"store": "play"}': 2.0}
    other = push(line, address, pusher, [a_value("2025-04-01", 9)], key="job-1")
    assert (other.status_code, "other values" in other.json()["detail"]) == (409, True)
    house.undo(first.json()["load"], by="t")
    gone = push(line, address, pusher, [a_value("2025-04-01", 1)], key="job-1")
    assert (gone.status_code, "taken back" in gone.json()["detail"]) == (409, True)


# fmt: off
BAD = [
    # what is wrong                     values                                                     index  field
    ("a series of another source",      [a_value(), a_value(series="orders")],                     1, "series"),
    ("a day that is none",              [a_value("2026-02-30")],                                   0, "day"),
    ("a day of another age",            [a_value(), a_value("0026-05-01")],                        1, "day"),
    ("a value that is a text",          [a_value(value="7")],                                      0, "value"),
    ("a value that is not known",       [a_value(value=None)],                                     0, "value"),
    ("a value that is true",            [a_value(value=True)],                                     0, "value"),
    ("a segment too many",              [a_value(segments={"store": "x", "land": "y"})],           0, "segments.land"),
    ("no segment",                      [a_value(segments={})],                                    0, "segments.store"),
    ("a segment with a line break",     [a_value(segments={"store": "a\nb"})],                     0, "segments.store"),
    ("one day twice, alike",            [a_value(), a_value("2026-04-30"), a_value()],             2, "day"),
    ("one day twice, differing",        [a_value(), a_value(value=8)],                             1, "day"),
    ("a field nobody knows",            [a_value(), a_value(colour="red")],                        1, "colour"),
    ("a time that is none",             [a_value(observed_at="noon")],                             0, "observed_at"),
]
# fmt: on


@pytest.mark.parametrize(("values", "index", "field"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_value_is_refused_by_place_and_field_and_nothing_is_loaded(
    values, index, field, house, address, line, pusher
):
    before = house.version
    answer = push(line, address, pusher, [a_value("2026-03-03", 99), *values])
    assert answer.status_code == 422, answer.text
    assert (answer.json()["errors"][0]["index"], answer.json()["errors"][0]["field"]) == (index + 1, field)
    assert house.version == before
    assert stored(house, "installs", "2026-03-03") == {}


def test_a_refusal_names_no_series_that_the_holder_may_not_see(house, address, line, pusher):
    """Its owner is told of it; that somebody else's token may push it is no reason to."""
    house.entering.grant("cora", "analyst", by="pia", because="a test")
    for headers, told in (
        (pusher, "'wage_hour' is not among the series of this source. Declared: pallets."),
        (
            bearing(house, "cora", "push:depot"),
            "'wage_hour' is not among the series of this source. Did you mean 'wage_hours'?",
        ),
    ):
        answer = push(line, address, headers, [a_value(series="wage_hour", segments={})], source="depot")
        assert answer.json()["errors"] == [{"index": 0, "field": "series", "reason": told}]
    assert house.seen_by("yuki").definitions.sources["depot"].series == ("pallets",)


# fmt: off
BODIES = [
    # what is sent                 headers                                       body                                        status
    ("no JSON",                    {"Content-Type": "application/json"},         b"{",                                       400),
    ("nothing",                    {"Content-Type": "application/json"},         b"",                                        400),
    ("a number that is none",      {"Content-Type": "application/json"},         b'{"source":"app","observations":[{"series":"installs","day":"2026-05-01","value":NaN}]}', 422),
    ("a list",                     {"Content-Type": "application/json"},         b"[]",                                      422),
    ("no values",                  {"Content-Type": "application/json"},         b'{"source":"app","observations":[]}',      422),
    ("very deep",                  {"Content-Type": "application/json"},         b"[" * 100_000,                             400),
    ("not UTF-8",                  {"Content-Type": "application/json"},         b'{"source":"\xff"}',                       400),
    ("a form",                     {"Content-Type": "application/x-www-form-urlencoded"}, b"source=app",                     415),
    ("packed",                     {"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b"{}"),   415),
    ("a key with a space",         {"Content-Type": "application/json", "Idempotency-Key": "a b"}, b"{}",                    400),
    ("too much",                   {"Content-Type": "application/json"},         b" " * (9 * 1024 * 1024),                   413),
]
# fmt: on


@pytest.mark.parametrize(("headers", "body", "status"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_body_that_cannot_be_taken_is_refused_in_words(headers, body, status, house, address, pusher):
    before = house.version
    answer = httpx.post(f"{address}/observations", headers={**pusher, **headers}, content=body, timeout=30)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert house.version == before


def test_a_body_without_a_length_is_counted_as_it_comes(address, pusher):
    parts = (b" " * 1024 * 1024 for _ in range(9))
    headers = {**pusher, "Content-Type": "application/json"}
    answer = httpx.post(f"{address}/observations", headers=headers, content=parts, timeout=30)
    assert answer.status_code == 413


def test_pushes_and_loads_at_the_same_time_lose_nothing(house, address, pusher):
    told: list[int] = []

    def pushing(number: int) -> None:
        with httpx.Client(timeout=60) as client:
            for day in range(1, 6):
                value = a_value(f"2025-06-{day:02d}", number * 100 + day, segments={"store": f"s{number}"})
                told.append(push(client, address, pusher, [value]).status_code)

    def loading() -> None:
        other = open_workspace(house.folder)
        for n in range(3):
            file = house.folder / "shop.csv"
            file.write_text(
                file.read_text(encoding="utf-8").replace(",31.5", f",{31.5 + n}"), encoding="utf-8"
            )
            other.load(["shop"], by="nightly")

    crowd = [threading.Thread(target=pushing, args=(n,)) for n in range(3)] + [
        threading.Thread(target=loading)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    assert told == [201] * 15
    for number in range(3):
        for day in range(1, 6):
            assert (
                stored(house, "installs", f"2025-06-{day:02d}")[f'{{"store": "s{number}"}}']
                == number * 100 + day
            )


def test_a_source_that_is_pushed_has_no_file_to_load(house):
    with pytest.raises(Exception, match="POST /api/v1/observations"):
        house.load(["app"])
    assert {"app", "depot"} <= set(house.sources()["source"])


# fmt: off
DECLARED = [
    # what a file says                                          what is said of it
    ("app: {push: false, series: [orders]}",                    "false is not one of true"),
    ("app: {push: true}",                                       "needs `series`"),
    ("app: {push: true, series: [orders], csv: a.csv}",         "unknown key 'csv'"),
    ("app: {push: true, series: [Orders made]}",                "Write 'orders_made'"),
    ("app: {push: true, series: {orders: n}}",                  "a map stands where a list is needed"),
    ("app: {push: true, series: [orders], grain: hour}",        "is not one of day, week, month"),
    ("app: {push: true, series: [visits]}",                     "no source has a series 'orders'"),
]
# fmt: on


@pytest.mark.parametrize(("source", "said"), DECLARED)
def test_a_mistake_in_a_source_that_is_pushed_is_told_with_its_line(source, said, tmp_path):
    (tmp_path / "w.yaml").write_text(
        f"company: {{name: X}}\nsources:\n  {source}\nmetrics:\n"
        "  orders: {name: O, kind: output, unit: count, better: up, measure: {how: total, series: orders}}\n",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as told:
        open_workspace(tmp_path)
    assert said in str(told.value)
    assert "w.yaml, line" in str(told.value)


def test_the_command_line_makes_lists_and_takes_back_tokens(house, address, line, capsys):
    def wbr(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words, "-w", str(house.folder)])
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    code, out, err = wbr("token", "create", "nightly", "--for", "ada", "--expires", "2099-12-31")
    secret = out.strip()
    assert (code, "shown this once" in err, secret in err) == (0, True, False)
    headers = {"Authorization": f"Bearer {secret}"}
    assert line.get(f"{address}/owners", headers=headers).status_code == 200
    listed = wbr("token", "list", "--format", "json")[1]
    row = {each["id"]: each for each in json.loads(listed)["rows"]}[secret.split("_")[1]]
    assert (row["name"], row["person"], row["state"]) == ("nightly", "ada", "valid")
    assert row["expires"].startswith("2100-01-01")  # The whole last day counts.
    assert row["last_used"]
    assert secret.split("_")[2] not in listed
    assert wbr("token", "revoke", row["id"], "--because", "moved")[0] == 0
    assert line.get(f"{address}/owners", headers=headers).status_code == 401
    code, out, err = wbr("token", "create", "x", "--for", "adda")
    assert (code, out, "Did you mean 'ada'" in err) == (1, "", True)


# --- the document -----------------------------------------------------------------------------------


def test_the_document_names_every_parameter_of_the_models(address, line):
    told = line.get(f"{address}/openapi.json").json()
    assert told == json.loads(json.dumps(document()))
    assert told["openapi"].startswith("3.1")
    for one in ADDRESSES:
        named = {p["name"] for p in told["paths"][one.path]["get"]["parameters"]}
        assert named == {f.alias or n for n, f in one.question.model_fields.items()}


def test_a_fuzzer_finds_nothing(address, pusher, tmp_path):
    """No 5xx, no answer that the document does not describe, none taken that it forbids, nobody let in."""
    command = [
        Path(sys.executable).with_name("schemathesis"), "run", f"{address}/openapi.json",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--max-time", "25",
        "--generation-deterministic", "--suppress-health-check", "all",
        "--no-color", "--warnings", "off", "--header", f"Authorization: {pusher['Authorization']}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-1_000:]
    cases = re.search(r"(\d+) generated", done.stdout)
    assert cases, done.stdout
    assert int(cases[1]) > 200
