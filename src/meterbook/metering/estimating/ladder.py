"""The methods of B-20, each by itself and in their configured order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from meterbook.kernel import rounding
from meterbook.metering.estimating.inputs import (
    ACTUAL_PERIODS,
    DEFAULT_ORDER,
    LEAST_PEERS,
    SHORT_HOURS,
    Case,
    Lack,
    Made,
    Method,
    Outcome,
    Part,
)


def outcomes(case: Case, order: Sequence[Method] = DEFAULT_ORDER) -> list[Outcome]:
    """This will return what each method says of a gap, in the given order; methods that are not in it are off."""
    on = dict.fromkeys(order)
    off = (each for each in DEFAULT_ORDER if each not in on)
    return [*(_METHODS[each](case) for each in on), *(_lacking(each, Lack.OFF) for each in off)]


def first_applicable(found: Iterable[Outcome]) -> Outcome | None:
    """This will return the first that gives a number."""
    return next((each for each in found if each.is_applicable), None)


def _rounded(amount: Fraction) -> int:
    return rounding.divide(amount.numerator, amount.denominator)


def _number(method: Method, used: int, **made_of: object) -> Outcome:
    return Outcome(method, used, dict(made_of))


def _lacking(method: Method, lack: Lack, **made_of: object) -> Outcome:
    return Outcome(method, None, dict(made_of), lack)


def _interpolation(case: Case) -> Outcome:
    if case.difference is None:
        return _lacking(Method.INTERPOLATION, Lack.NO_END)
    if case.hours > SHORT_HOURS:
        return _lacking(Method.INTERPOLATION, Lack.TOO_LONG)
    return _number(Method.INTERPOLATION, case.difference)


def _profile(case: Case) -> Outcome:
    if case.difference is None:
        return _lacking(Method.PROFILE, Lack.NO_END)
    if not case.weights:
        return _lacking(Method.PROFILE, Lack.NO_PROFILE)
    return _number(Method.PROFILE, case.difference, intervals=len(case.weights))


def _last_year(case: Case) -> Outcome:
    year = case.year
    if year is None or year.then.used is None or year.then.used < 0:
        return _lacking(Method.LAST_YEAR, Lack.NO_YEAR)
    if not year.is_same_account:
        return _lacking(Method.LAST_YEAR, Lack.OTHER_ACCOUNT)
    made: Made = {"then": _part(year.then)}
    factor = Fraction(1)
    if year.degrees is not None and year.degrees_then:
        factor = Fraction(year.degrees, year.degrees_then)
        made |= {"degrees": year.degrees, "degrees_then": year.degrees_then, "follows": year.follows.value}
    elif year.recent is not None and year.recent_before and year.recent >= 0 and year.recent_before > 0:
        factor = Fraction(year.recent, year.recent_before)
        made |= {"recent": year.recent, "recent_before": year.recent_before}
    return _number(Method.LAST_YEAR, _rounded(year.then.used * factor), **made)


def _daily_average(case: Case) -> Outcome:
    actual = [each for each in sorted(case.periods) if each.used is not None and each.used >= 0 and each.days > 0]
    chosen = actual[-ACTUAL_PERIODS:]
    if not chosen:
        return _lacking(Method.DAILY_AVERAGE, Lack.NO_PERIODS)
    days = sum((each.days for each in chosen), Fraction(0))
    amount = Fraction(sum(each.used or 0 for each in chosen)) / days * case.days
    return _number(Method.DAILY_AVERAGE, _rounded(amount), parts=[_part(each) for each in chosen], days=str(case.days))


def _like_days(case: Case) -> Outcome:
    if not case.like:
        return _lacking(Method.LIKE_DAYS, Lack.NO_LIKE_DAY)
    amount, looked_at = Fraction(0), dict[str, Part]()
    for day in sorted(case.like):
        known = [each for each in case.like[day] if each.used is not None and each.used >= 0]
        if not known:
            return _lacking(Method.LIKE_DAYS, Lack.NO_LIKE_DAY, day=day.isoformat())
        amount += Fraction(sum(each.used or 0 for each in known), len(known))
        looked_at |= {each.name: each for each in known}
    return _number(Method.LIKE_DAYS, _rounded(amount), days=len(looked_at), first=min(looked_at), final=max(looked_at))


def _peers(case: Case) -> Outcome:
    known = sorted(
        (each for each in case.peers if each.used is not None and each.used >= 0), key=lambda each: each.name
    )
    if len(known) < LEAST_PEERS:
        return _lacking(Method.PEERS, Lack.FEW_PEERS, count=len(known), least=LEAST_PEERS)
    total = sum(each.used or 0 for each in known)
    made: Made = {"count": len(known), "total": total}
    areas = [each.area for each in known if each.area is not None and each.area > 0]
    if case.own_area and len(areas) == len(known):
        made["area"] = str(sum(areas, Fraction(0)))
        made["own_area"] = str(case.own_area)
        return _number(Method.PEERS, _rounded(total / sum(areas, Fraction(0)) * case.own_area), **made)
    return _number(Method.PEERS, rounding.divide(total, len(known)), **made)


def _residual(case: Case) -> Outcome:
    if not case.parents:
        return _lacking(Method.RESIDUAL, Lack.NO_PARENT)
    missing = next((each for each in sorted(case.parents, key=_named) if each.used is None), None)
    if missing is not None:
        return _lacking(Method.RESIDUAL, Lack.PARENT_INCOMPLETE, name=missing.name)
    missing = next((each for each in sorted(case.siblings, key=_named) if each.used is None), None)
    if missing is not None:
        return _lacking(Method.RESIDUAL, Lack.SIBLING_INCOMPLETE, name=missing.name)
    parents, siblings = (sum(each.used or 0 for each in group) for group in (case.parents, case.siblings))
    made: Made = {"parents": parents, "siblings": siblings, "count": len(case.siblings)}
    if parents < siblings:
        return _lacking(Method.RESIDUAL, Lack.NEGATIVE, **made)
    return _number(Method.RESIDUAL, parents - siblings, **made)


def _minimum(case: Case) -> Outcome:
    if not case.minimums or any(each.a_month is None or each.a_month < 0 for each in case.minimums):
        return _lacking(Method.MINIMUM, Lack.NO_MINIMUM)
    used = sum((Fraction((each.a_month or 0) * each.days, each.of) for each in case.minimums), Fraction(0))
    parts = [[each.month, each.a_month, str(each.days), each.of] for each in case.minimums]
    return _number(Method.MINIMUM, _rounded(used), parts=parts)


def _manual(case: Case) -> Outcome:
    if case.given is None or case.given < 0:
        return _lacking(Method.MANUAL, Lack.NOT_GIVEN)
    return _number(Method.MANUAL, case.given)


def _part(part: Part) -> list[object]:
    return [part.name, part.used, str(part.days)]


def _named(part: Part) -> str:
    return part.name


_METHODS: dict[Method, Callable[[Case], Outcome]] = {
    Method.INTERPOLATION: _interpolation,
    Method.PROFILE: _profile,
    Method.LAST_YEAR: _last_year,
    Method.DAILY_AVERAGE: _daily_average,
    Method.LIKE_DAYS: _like_days,
    Method.PEERS: _peers,
    Method.RESIDUAL: _residual,
    Method.MINIMUM: _minimum,
    Method.MANUAL: _manual,
}
