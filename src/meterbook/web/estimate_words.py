"""How the methods of estimating are called, what a number was made of, and why a method gives none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from meterbook.kernel import rounding
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.degrees import Follows
from meterbook.metering.estimating.inputs import Lack, Method
from meterbook.metering.values import ProposalState
from meterbook.web.templatetags import meterbook as tags

_SMALL = Decimal(10)
METHODS = {
    Method.INTERPOLATION: gettext_lazy("Straight line between two readings"),
    Method.PROFILE: gettext_lazy("Usual shape, up to the register difference"),
    Method.LAST_YEAR: gettext_lazy("Same days of last year"),
    Method.DAILY_AVERAGE: gettext_lazy("Daily average of the last measured months"),
    Method.LIKE_DAYS: gettext_lazy("Same weekdays of the last four weeks"),
    Method.PEERS: gettext_lazy("Mean of similar meters"),
    Method.RESIDUAL: gettext_lazy("Main meter less the others"),
    Method.MINIMUM: gettext_lazy("Minimum of the contract"),
    Method.MANUAL: gettext_lazy("A number that a person gave"),
}
LACKS = {
    Lack.NO_END: gettext_lazy("No reading lies after the gap; once one does, the difference is measured."),
    Lack.TOO_LONG: gettext_lazy("The gap is longer than two hours."),
    Lack.NO_PROFILE: gettext_lazy("No usual shape of this meter is known."),
    Lack.OTHER_ACCOUNT: gettext_lazy("Another account paid for this meter a year ago."),
    Lack.NO_YEAR: gettext_lazy("The same days of last year were not measured throughout."),
    Lack.NO_PERIODS: gettext_lazy("No whole month of this account was measured before the gap."),
    Lack.NO_LIKE_DAY: gettext_lazy("A weekday of the gap was not measured in the four weeks before it."),
    Lack.FEW_PEERS: gettext_lazy("Fewer than three similar meters of the site were measured throughout the gap."),
    Lack.NO_PARENT: gettext_lazy("No main meter of the site measures what goes to this one."),
    Lack.NEGATIVE: gettext_lazy("The other meters counted more than the main meter in that time."),
    Lack.NO_MINIMUM: gettext_lazy("No minimum was agreed for all of that time."),
    Lack.OFF: gettext_lazy("Switched off in the order of estimating."),
    Lack.NOT_GIVEN: gettext_lazy("Write the number below."),
}
FOLLOWS = {
    Follows.NOTHING: gettext_lazy("the trend of the weeks before"),
    Follows.COLD: gettext_lazy("the cold (heating)"),
    Follows.HEAT: gettext_lazy("the heat (cooling)"),
}
STATES = {
    metering_queries.EstimateState.STANDING: gettext_lazy("counts"),
    metering_queries.EstimateState.PARTLY: gettext_lazy("partly replaced by readings"),
    metering_queries.EstimateState.REPLACED: gettext_lazy("replaced by readings"),
    metering_queries.EstimateState.WITHDRAWN: gettext_lazy("withdrawn"),
}
PROPOSALS = {
    ProposalState.WAITING: gettext_lazy("waits for a second person"),
    ProposalState.APPROVED: gettext_lazy("approved"),
    ProposalState.REFUSED: gettext_lazy("refused"),
}


def method(found: Method | None) -> str:
    """This will name a method."""
    return "" if found is None else str(METHODS[found])


def why_not(lack: Lack, made_of: Mapping[str, object]) -> str:
    """This will say why a method gives no number."""
    if lack is Lack.PARENT_INCOMPLETE:
        return _("The main meter %(name)s has a gap of its own in that time.") % made_of
    if lack is Lack.SIBLING_INCOMPLETE:
        return _("%(name)s below the same main meter has a gap in that time as well.") % made_of
    return str(LACKS[lack])


def made_of(found: Method, facts: Mapping[str, Any], series: metering_queries.SeriesRow) -> str:
    """This will say what a number was made of, in the series' unit; "" where nothing is to be said."""
    write = _WRITERS.get(found)
    part = _("%(percent)s %% of it, by rule.") % {"percent": facts["percent"]} if "percent" in facts else ""
    if write is None:
        return part

    def shown(used: int) -> str:
        number = Decimal(used).scaleb(-series.decimals, context=rounding.EXACT)
        return f"{tags.number(number, min(series.decimals, 1))}{tags.NO_BREAK}{series.unit.symbol}"

    try:
        return f"{write(facts, shown)} {part}".strip()
    except (KeyError, TypeError, ValueError):  # stored by an earlier version
        return part


Shown = Callable[[int], str]


def _last_year(facts: Mapping[str, Any], shown: Shown) -> str:
    day, used, _days = facts["then"]
    told = {"used": shown(used), "day": formats.date_format(date.fromisoformat(day), "SHORT_DATE_FORMAT")}
    if "degrees" in facts:
        told |= {"now": _degrees(facts["degrees"]), "before": _degrees(facts["degrees_then"])}
        return _("%(used)s from %(day)s on, times %(now)s degree days over %(before)s then.") % told
    if "recent" not in facts:
        return _("%(used)s from %(day)s on, unchanged: how use has changed since is not known.") % told
    told |= {"recent": shown(facts["recent"]), "before": shown(facts["recent_before"])}
    return _("%(used)s from %(day)s on, times %(recent)s of the last four weeks over %(before)s then.") % told


def _degrees(tenths: int) -> str:
    return tags.number(Decimal(tenths).scaleb(-1), 1)


def _daily_average(facts: Mapping[str, Any], shown: Shown) -> str:
    parts = [
        f"{formats.date_format(date.fromisoformat(f'{month}-01'), 'YEAR_MONTH_FORMAT')} {shown(used)}"
        for month, used, _days in facts["parts"]
    ]
    total = sum((Fraction(each[2]) for each in facts["parts"]), Fraction(0))
    told = {"parts": ", ".join(parts), "total": int(total), "days": _days(facts["days"])}
    return _("%(parts)s: over %(total)s days, times %(days)s days.") % told


def _like_days(facts: Mapping[str, Any], _shown: Shown) -> str:
    first, final = (
        formats.date_format(date.fromisoformat(facts[each]), "SHORT_DATE_FORMAT") for each in ("first", "final")
    )
    words = ngettext(
        "The same hours of %(count)s day between %(first)s and %(final)s.",
        "The same hours of %(count)s days between %(first)s and %(final)s.",
        facts["days"],
    )
    return words % {"count": facts["days"], "first": first, "final": final}


def _peers(facts: Mapping[str, Any], shown: Shown) -> str:
    told = {"count": facts["count"], "total": shown(facts["total"])}
    if "area" in facts:
        told |= {"area": _days(facts["area"]), "own": _days(facts["own_area"])}
        return _("%(count)s meters of the site used %(total)s on an area of %(area)s; this one serves %(own)s.") % told
    return _("%(count)s meters of the site used %(total)s together in that time.") % told


def _residual(facts: Mapping[str, Any], shown: Shown) -> str:
    told = {"parents": shown(facts["parents"]), "siblings": shown(facts["siblings"]), "count": facts["count"]}
    return _("%(parents)s of the main meter less %(siblings)s of %(count)s others.") % told


def _minimum(facts: Mapping[str, Any], shown: Shown) -> str:
    parts = [
        _("%(month)s %(least)s a month, %(days)s of %(of)s days")
        % {
            "month": formats.date_format(date.fromisoformat(f"{month}-01"), "YEAR_MONTH_FORMAT"),
            "least": shown(a_month),
            "days": _days(days),
            "of": of,
        }
        for month, a_month, days, of in facts["parts"]
    ]
    return f"{'; '.join(parts)}."


def _profile(facts: Mapping[str, Any], _shown: Shown) -> str:
    count = facts["intervals"]
    words = ngettext(
        "The register says how much; %(count)s hour takes its part as it did in the four weeks before.",
        "The register says how much; %(count)s hours take their parts as they did in the four weeks before.",
        count,
    )
    return words % {"count": count}


def spread(*, is_usual: bool) -> str:
    """This will say how an estimate lies in its time."""
    if is_usual:
        return _("It lies in the hours as this meter usually uses them: by weekday and hour of the four weeks before.")
    return _("It lies evenly in the time: no usual hours of this meter are known.")


def _days(written: str) -> str:
    amount = Fraction(written)
    places = 1 if amount >= 1 else 2
    return tags.number(
        Decimal(rounding.divide(amount.numerator * 10**places, amount.denominator)).scaleb(-places), places
    )


_WRITERS: dict[Method, Callable[[Mapping[str, Any], Shown], str]] = {
    Method.LAST_YEAR: _last_year,
    Method.DAILY_AVERAGE: _daily_average,
    Method.LIKE_DAYS: _like_days,
    Method.PEERS: _peers,
    Method.RESIDUAL: _residual,
    Method.MINIMUM: _minimum,
    Method.PROFILE: _profile,
}


def quantity(used: int, series: metering_queries.SeriesRow) -> str:
    """This will write a quantity in the series' scale with its unit."""
    number = Decimal(used).scaleb(-series.decimals, context=rounding.EXACT)
    return shown(number, series.decimals, series.unit.symbol)


def shown(number: Decimal, decimals: int, unit: str) -> str:
    """This will write a number with two decimals, a small one with three; no more than the series has."""
    places = 2 if abs(number) >= _SMALL else 3
    return f"{tags.number(number, min(decimals, places))}{tags.NO_BREAK}{unit}"
