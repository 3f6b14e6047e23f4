"""Each answer of the engine as a sentence that a chief executive reads.

No sentence claims a cause; each names what would have been needed where nothing can be said.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from metrics.correlation.effects import WORDS
from metrics.correlation.values import (
    LISTED_FROM,
    RUN_FROM,
    Bend,
    Decay,
    Effect,
    Excluded,
    Joint,
    LeftOut,
    LinkTest,
    Row,
)

Names = Mapping[str, str]

PLURALS: Final = {several for one, several in WORDS.values() if one != several}


def sentence(answer: Row | LinkTest | LeftOut | Excluded | Decay | Bend | Joint, names: Names) -> str:
    """One answer in words.

    Args:
        answer: What the engine said.
        names: Metric names by id; an id without one stands for itself.
    """
    match answer:
        case Row():
            return _row(answer, names)
        case LinkTest():
            return _link(answer, names)
        case LeftOut():
            return _left_out(answer, names)
        case Excluded():
            return _excluded(answer, names)
        case Decay():
            return _decay(answer)
        case Bend():
            return _bend(answer)
        case Joint():
            return _joint(answer, names)


def number(amount: float) -> str:
    """Three significant digits, thousands apart, no exponent, a true minus."""
    if amount == 0:
        return "0"
    size = abs(amount)
    digits = max(0, 2 - _power(size))
    text = f"{size:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"−{text}" if amount < 0 and text != "0" else text


def _power(size: float) -> int:
    return int(f"{size:e}".split("e")[1])


def signed(amount: float) -> str:
    """The same with its sign."""
    text = number(amount)
    return text if text.startswith("−") or text == "0" else f"+{text}"


def amount_in(amount: float, unit: str) -> str:
    """A signed amount with its unit: +0.03 pp, −2%, +1 day."""
    first, *rest = unit.split(" ")
    if abs(amount) == 1 and first in PLURALS:
        unit = " ".join([first.removesuffix("s"), *rest])
    return f"{signed(amount)}{'' if unit == '%' else ' '}{unit}"


def counted(weeks: int) -> str:
    """1 week, 4 weeks; none is the same week."""
    return "the same week" if weeks == 0 else f"{weeks} week{'' if weeks == 1 else 's'}"


def later(lag: int) -> str:
    """How long after: in the same week, 1 week later, 4 weeks later."""
    return "in the same week" if lag == 0 else f"{counted(lag)} later"


def effect_words(effect: Effect, driver: str, driven: str) -> str:
    """+2 pp of Fast Track goes with +0.06 pp of conversion (95% range 0.05 to 0.08)."""
    units = effect.units
    low, high = effect.low * units.step, effect.high * units.step
    return (
        f"{amount_in(units.step, units.driver)} of {driver} goes with "
        f"{amount_in(effect.amount * units.step, units.driven)} of {driven} "
        f"(95% range {number(low)} to {number(high)})"
    )


# --- the scan ------------------------------------------------------------------------------------


def _row(row: Row, names: Names) -> str:
    driver, driven = names.get(row.driver, row.driver), names.get(row.driven, row.driven)
    if row.verdict == "insufficient":
        return (
            f"{row.n} common weeks of {driver} and {driven} are too few to list anything: {LISTED_FROM} are "
            f"needed. A search this wide could have shown only r above {row.detectable_r:.2f}."
        )
    if row.verdict == "none":
        return (
            f"No link between {driver} and {driven} stands out from chance in {row.n} weeks. A search this "
            f"wide can miss true ones with r below {row.detectable_r:.2f}; state the link first and test it "
            "alone."
        )
    tends = "higher" if row.r > 0 else "lower"
    if row.verdict == "output_leads":
        first = (
            f"{driven} moves first: when it is higher than expected, {driver} tends to be {tends} than "
            f"expected {later(-row.lag_weeks)}. {driver} does not drive it."
        )
    elif row.verdict == "together":
        first = (
            f"{driver} and {driven} move in the same week, "
            f"{'together' if row.r > 0 else 'in opposite directions'}; which of them moves the other cannot "
            "be seen."
        )
    else:
        first = (
            f"When {driver} is higher than expected, {driven} tends to be {tends} than expected "
            f"{later(row.lag_weeks)}."
        )
    parts = [first]
    if row.effect is not None:
        spread = row.effect.lags[0] != row.effect.lags[1]
        over = f", added up over weeks {row.effect.lags[0]} to {row.effect.lags[1]}" if spread else ""
        parts.append(f"{effect_words(row.effect, driver, driven)}{over}.")
    if row.common_with:
        others = [names.get(name, name) for name in row.common_with]
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        parts.append(f"They share this movement with {shown}; without it the link would not be listed.")
    if row.shared_series:
        parts.append(
            f"Both are computed from {' and '.join(row.shared_series)}, so part of this may be arithmetic."
        )
    parts.append(
        "Association, not proof; found by searching, so likely too large until later weeks confirm it."
    )
    return " ".join(parts)


def _left_out(left: LeftOut, names: Names) -> str:
    name = names.get(left.metric, left.metric)
    match left.reason:
        case "too_short":
            return (
                f"{name} has {left.weeks} weeks; {RUN_FROM} are needed to look for links, {LISTED_FROM} to "
                "list one."
            )
        case "definition_break":
            since = left.since
            enough = "" if since is None else f"; enough from {since + timedelta(weeks=RUN_FROM - 1)} on"
            return (
                f"{name} is counted anew since the week ending {since}: {left.weeks} weeks, of which "
                f"{RUN_FROM} are needed{enough}. Older weeks counted something else and are left out."
            )
        case "constant":
            return f"{name} does not vary beyond season, trend and events: there is nothing to follow."
        case "gaps":
            return (
                f"{name} lacks {left.missing} of its weeks, more than one in ten. Load them; gaps longer "
                "than a week are not filled in."
            )
        case "no_weeks":
            return f"{name} has no weekly values: a metric told by the month shows no lag in weeks."


def _excluded(pair: Excluded, names: Names) -> str:
    driver, driven = names.get(pair.driver, pair.driver), names.get(pair.driven, pair.driven)
    match pair.reason:
        case "definition":
            through = names.get(pair.through, pair.through)
            return (
                f"{driver} and {driven} are bound by the definition of {through}: that is arithmetic, so "
                "there is nothing to discover and it is never scored."
            )
        case "same_series":
            return (
                f"{driver} and {driven} are computed from the same series, {pair.through}: one is arithmetic "
                "of the other, so it is never scored."
            )
        case "identical":
            return (
                f"{driver} and {driven} surprise by the same amount in every week: two names for one series, "
                "or one computed from the other. Declare the definition."
            )


# --- one stated link -------------------------------------------------------------------------------


def _link(test: LinkTest, names: Names) -> str:
    driver, driven = (
        names.get(test.link.driver, test.link.driver),
        names.get(test.link.driven, test.link.driven),
    )
    if test.state == "definition":
        return f"{driven} is computed from {driver}: arithmetic, never scored."
    if test.tested_from is None and test.link.stated is not None:
        return (
            f"INSUFFICIENT: it was stated on {test.link.stated} and there is no week since; {RUN_FROM} are "
            f"needed for a first look, {LISTED_FROM} for an answer."
        )
    if test.left_out is not None:
        return f"INSUFFICIENT: {_left_out(test.left_out, names)}{_since(test)}"
    if test.best_lag is None or test.detectable_r is None or test.p_adjusted is None:
        return (
            f"INSUFFICIENT: {driver} and {driven} have {test.n} common weeks that count; {RUN_FROM} are "
            f"needed for a first look, {LISTED_FROM} for an answer.{_since(test)}"
        )
    weakest = _weakest(test, driver, driven)
    if test.reason == "too_short":
        so_far = {"supported": "supported", "contradicted": "contradicted"}.get(test.so_far or "", "open")
        return (
            f"INSUFFICIENT so far ({so_far}): {test.n} weeks can only reveal {weakest}; an answer is given "
            f"from {LISTED_FROM} weeks on.{_since(test)}"
        )
    where = f"{test.n} weeks, {later(test.best_lag)}"
    match test.state, test.reason:
        case "supported", _:
            effect = f" {effect_words(test.effect, driver, driven)}." if test.effect else ""
            return (
                f"SUPPORTED ({where}, same direction in both halves).{effect}{_found(test)}{_lasting(test)}"
            )
        case "contradicted", "wrong_direction":
            return (
                f"CONTRADICTED ({where}): {driven} moves against the direction that was stated, "
                f"r {number(test.r or 0.0)}."
            )
        case "contradicted", _:
            return (
                f"CONTRADICTED ({test.n} weeks): if there is an effect, it is smaller than you said matters "
                f"(r {number(test.link.smallest_r_that_matters)})."
            )
        case _, "halves_disagree":
            return f"INSUFFICIENT ({where}): the two halves of the history disagree.{_lasting(test)}"
        case _:
            return f"INSUFFICIENT: {test.n} weeks can only reveal {weakest}.{_lasting(test)}"


def _weakest(test: LinkTest, driver: str, driven: str) -> str:
    words = f"r above {test.detectable_r:.2f}"
    if test.units is None or test.detectable_effect is None:
        return words
    units = test.units
    least = amount_in(test.detectable_effect * units.step, units.driven).lstrip("+")
    return f"{words}, that is {least} of {driven} for {amount_in(units.step, units.driver)} of {driver}"


def _since(test: LinkTest) -> str:
    """From when on there will be enough weeks, where the date of the claim is what leaves too few."""
    if test.link.stated is None or test.tested_from is None or test.n >= LISTED_FROM:
        return ""
    if test.left_out is not None and test.left_out.reason != "too_short":
        return ""
    newest = test.tested_from + timedelta(weeks=LISTED_FROM - 1)
    return f" Only weeks after it was stated on {test.link.stated} count; enough from about {newest} on."


def _found(test: LinkTest) -> str:
    if test.screened:
        return " Found by searching, not stated first: a screened estimate, likely too large."
    return (
        ""
        if test.stated_first
        else " It has no date, so nothing shows that it was stated before it was seen."
    )


def _lasting(test: LinkTest) -> str:
    if test.decay is None or test.decay.state in ("cannot_tell", "holding"):
        return ""
    return f" {_decay(test.decay)}"


def _decay(decay: Decay) -> str:
    then, now = decay.earlier, decay.recent
    if then is None or now is None:
        return "Too few weeks to compare the last year with the years before."
    unit = then.units.effect
    told = (
        f"since the week ending {decay.recent_from} the effect is {number(now.amount)} "
        f"({number(now.low)} to {number(now.high)}), before it was {number(then.amount)} {unit}"
    )
    match decay.state:
        case "decayed":
            return f"Decayed: {told}; the driver still moves."
        case "holding":
            return f"Holding: {told}."
        case "no_sign":
            return (
                f"No sign of decay yet: {told}; the recent range holds both nothing and the earlier effect."
            )
        case "cannot_tell":
            return f"Decay cannot be told: {told}."


def _bend(bend: Bend) -> str:
    told = (
        f"{number(bend.below.amount)} below {number(bend.level)} and {number(bend.above.amount)} above, "
        f"{bend.below.unit}"
    )
    if bend.clear:
        return f"The effect has a threshold: {told}."
    return f"A straight line is enough: {told}, no more different than chance makes it."


def _joint(joint: Joint, names: Names) -> str:
    driven = names.get(joint.driven, joint.driven)
    told = [
        f"{names.get(part.driver, part.driver)} {number(part.effect.amount)} ± {number(2 * part.se)} "
        f"{part.effect.unit}"
        for part in joint.parts
        if part.effect is not None and part.se is not None
    ]
    if not told or joint.explained is None:
        return f"The stated drivers of {driven} cannot be put into one model: too few common weeks."
    return (
        f"With the others held, in {joint.weeks} weeks: {'; '.join(told)}. Together they account for "
        f"{joint.explained:.0%} of what season, trend and events leave of {driven}."
    )


def what_would_change_our_mind(test: LinkTest, names: Names) -> str:
    """What would turn the present answer on one stated link."""
    driver, driven = (
        names.get(test.link.driver, test.link.driver),
        names.get(test.link.driven, test.link.driven),
    )
    match test.state:
        case "definition":
            return "Nothing: it is arithmetic."
        case "supported":
            return (
                f"A year in which {driver} moves and the effect on {driven} holds zero and leaves out the "
                "earlier one; or a planned step in the driver that is not followed. A randomised test would "
                "settle it."
            )
        case "contradicted":
            return (
                f"A planned step in {driver} that {driven} follows within {counted(test.link.lag_weeks[1])}; "
                "more weeks of the same kind will not."
            )
        case "insufficient":
            weakest = (
                "" if test.detectable_r is None else f" (r above {test.detectable_r:.2f} can be seen now)"
            )
            return (
                f"More weeks{weakest}, larger moves of {driver} than chance makes, or a planned step: an "
                "experiment answers in weeks what watching answers in years."
            )
