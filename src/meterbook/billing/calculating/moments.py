"""Vacancies so brief that nothing is measured in them."""

from __future__ import annotations

from datetime import timedelta

from meterbook.billing.calculating import facts, spans


def without_moments(run: facts.Run, shares: list[facts.Share]) -> list[facts.Share]:
    """This will take out vacancies between two tenants in which no interval starts: nothing is used in them."""
    brief = [each for each in shares if each.contract_id is None and each.period.duration < timedelta(days=1)]
    if not brief:
        return shares
    points = facts.load_points(run, {each.meter_point_id for each in brief})
    moments = set()
    for each in brief:
        point = points[each.meter_point_id]
        if point.series and spans.span(each.period, step=point.series.step, zone=point.zone) is None:
            moments.add(each)
    return [each for each in shares if each not in moments]
