"""What is set about estimating: the order of methods in versions, agreed minimums, temperatures of a site."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.estimating.degrees import COLDEST, DEFAULT_BASE, HOTTEST, Follows
from meterbook.metering.estimating.inputs import DEFAULT_ORDER, Method
from meterbook.metering.estimating.limits import LONGEST, NO_LIMITS, Limits
from meterbook.metering.operations import placing
from meterbook.sites import models as site_models

BASES = (0, 300)  # tenths of a degree between which use begins to follow the temperature
MOST_TEMPERATURES = 5_000  # days that are brought in at once: 13 years
LARGEST_MINIMUM = 10**12  # of a month, in a series' scale


class OrderIncomplete(ValueError):
    """The order of methods names each at most once, and at least one."""


class LimitsImpossible(ValueError):
    """No rule allows so much, or so little, of estimating."""


class MinimumImpossible(ValueError):
    """No such quantity can have been agreed for a month."""


class TemperatureImpossible(ValueError):
    """No day has such a temperature where people live."""


@operation.operation
def set_estimating_order(
    *,
    actor: Actor,
    at: datetime,
    site_id: int | None,
    methods: Sequence[Method],
    follows: Follows = Follows.NOTHING,
    base_tenths: int = DEFAULT_BASE,
    limits: Limits = NO_LIMITS,
) -> int:
    """This will set how gaps of a site or (None) of the organization are estimated, as a new version.

    What was set before stays on record; the same again changes nothing.

    :param follows: what use follows besides the calendar, when last year's is taken
    :param base_tenths: tenths of a degree Celsius from which the cold or the heat is counted
    :param limits: what rules allow of estimating
    :return: the version that holds
    :raises OrderIncomplete: when a method is named twice, or none is
    :raises TemperatureImpossible: for a base that nobody heats or cools from
    :raises LimitsImpossible: for a share or a number of months that no rule has
    """
    if not methods or len(set(methods)) != len(methods):
        raise OrderIncomplete(_("Name each method once."))
    if not BASES[0] <= base_tenths <= BASES[1]:
        raise TemperatureImpossible(_("Give a temperature between 0 and 30 °C."))
    if not limits.are_possible:
        raise LimitsImpossible(_("Give a share from 1 to 100 % and up to %(most)s months.") % {"most": LONGEST})
    organization_id = scoping.current().organization_id
    own: dict[str, Any] = {"site_id": site_id}
    rows = models.EstimatingPolicy.objects.filter(organization_id=organization_id, **own)
    found = rows.order_by("-version").first()
    before = _plain(found)
    after: dict[str, Any] = {
        "methods": [each.value for each in methods],
        "degree_days": follows.value,
        "base_tenths": base_tenths,
        **limits.plain(),
    }
    version = found.version if found else 0
    if before == after:
        return version
    made = models.EstimatingPolicy.objects.create(
        organization_id=organization_id, **own, **after, version=version + 1, set_by=actor.label, set_at=at
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:set_estimating_order",
        subject=made,
        before=before,
        after={**after, "version": made.version},
    )
    return made.version


def _plain(policy: models.EstimatingPolicy | None) -> dict[str, object]:
    if policy is None:
        usual = {"methods": [each.value for each in DEFAULT_ORDER], "degree_days": Follows.NOTHING.value}
        return {**usual, "base_tenths": DEFAULT_BASE, **NO_LIMITS.plain()}
    own = {"methods": policy.methods, "degree_days": policy.degree_days, "base_tenths": policy.base_tenths}
    return {**own, **Limits(policy.most_months, policy.percent, policy.only_defective).plain()}


@operation.operation
def set_minimum_use(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, from_date: date, a_month: int | None
) -> models.MinimumUse:
    """This will keep what is agreed to be used at a meter point in a month at least, from a day on.

    :param a_month: in the counted series' scale; None: from that day on nothing is agreed
    :raises MeterNotFound: when the organization has no such meter point
    :raises MinimumImpossible: for less than nothing, or more than any connection gives
    """
    if a_month is not None and not 0 <= a_month <= LARGEST_MINIMUM:
        raise MinimumImpossible(_("Give a quantity from zero up, such as people agree on for a month."))
    organization_id = scoping.current().organization_id
    point = placing.held_point(meter_point)
    rows = models.MinimumUse.objects.filter(organization_id=organization_id, meter_point=point, from_date=from_date)
    found = rows.first()
    if found is not None and found.a_month == a_month:
        return found
    made, _is_new = models.MinimumUse.objects.update_or_create(
        organization_id=organization_id,
        meter_point=point,
        from_date=from_date,
        defaults={"a_month": a_month, "set_by": actor.label, "set_at": at},
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:set_minimum_use",
        subject=point,
        before=None if found is None else {"from_date": from_date, "a_month": found.a_month},
        after={"from_date": from_date, "a_month": a_month},
    )
    return made


@operation.operation
def keep_temperatures(*, actor: Actor, at: datetime, site_id: int, tenths: Mapping[date, int]) -> int:
    """This will keep mean temperatures of days at a site, in tenths of a degree Celsius; it counts those that changed.

    A day that is there gets the new number.

    :raises TemperatureImpossible: for what no day has, or too many days at once
    """
    if len(tenths) > MOST_TEMPERATURES or any(not COLDEST <= each <= HOTTEST for each in tenths.values()):
        raise TemperatureImpossible(
            _("A day has between -90 and 70 °C; at most %(most)s days at once.") % {"most": MOST_TEMPERATURES}
        )
    organization_id = scoping.current().organization_id
    site = site_models.Site.objects.get(organization_id=organization_id, pk=site_id)
    known = dict(
        models.DayTemperature.objects.filter(
            organization_id=organization_id, site_id=site_id, day__in=list(tenths)
        ).values_list("day", "tenths")
    )
    changed = {day: each for day, each in tenths.items() if known.get(day) != each}
    if not changed:
        return 0
    models.DayTemperature.objects.bulk_create(
        [
            models.DayTemperature(organization_id=organization_id, site_id=site_id, day=day, tenths=each)
            for day, each in sorted(changed.items())
        ],
        update_conflicts=True,
        unique_fields=["site", "day"],
        update_fields=["tenths"],
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:keep_temperatures",
        subject=site,
        before={"replaced": sum(1 for day in changed if day in known)},
        after={"days": len(changed), "first": min(changed), "latest": max(changed)},
    )
    return len(changed)
