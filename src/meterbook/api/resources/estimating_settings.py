"""How gaps are estimated and from when on a day is told as wrong: settings of the organization, sites and meters."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.identity.values import Module
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.checking import thresholds
from meterbook.metering.estimating.degrees import Follows
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.estimating.limits import LONGEST, MOST_MONTHS, WHOLE, Limits
from meterbook.metering.values import COUNTED_SERIES, Service

router = Router(tags=["Readings"])
Degrees = Annotated[str, Field(pattern=r"^-?[0-9]{1,2}(\.[0-9])?$", max_length=5)]
SiteAsked = Annotated[uuid.UUID | None, Query(description="Of this site; none: of all without settings of their own.")]
ServiceAsked = Annotated[Service | None, Query(description="Of this service; none: of all.")]


class EstimatingPolicy(values.Told):
    """Methods in the order in which they are tried; others are off. `base`: degrees Celsius; `version` 0: the usual.

    After `most_months` estimated in a row the meter is read on site; of what a method says `percent` are taken; with
    `only_defective` only a meter that is said to be defective is estimated.
    """

    methods: list[Method]
    follows: Follows
    base: values.DecimalTold
    most_months: int
    percent: int
    only_defective: bool
    version: int


class NewEstimatingPolicy(values.Given):
    """What is to hold from now on."""

    methods: list[Method] = Field(min_length=1, max_length=len(Method))
    follows: Follows = Follows.NOTHING
    base: Degrees = "18"
    most_months: Annotated[int, Field(ge=0, le=LONGEST)] = MOST_MONTHS
    percent: Annotated[int, Field(ge=1, le=WHOLE)] = WHOLE
    only_defective: bool = False


class CheckThresholds(values.Told):
    """`given` was set for just this site and service; `holding` is what holds. `version` 0: nothing was set."""

    given: dict[str, str]
    holding: dict[str, str]
    version: int


class NewCheckThresholds(values.Given):
    """Decimal texts by name; what is not named follows the wider setting."""

    given: dict[str, values.DecimalGiven]


class MinimumUse(values.Told):
    """What is to be used in a month at least from a day on; null: nothing any more."""

    from_date: date
    quantity: values.DecimalTold | None


class MinimumUses(values.Told):
    """The latest day first."""

    unit: Unit | None
    minimums: list[MinimumUse]


class NewMinimumUse(values.Given):
    """From which day on how much is agreed; null: nothing any more."""

    from_date: values.DayGiven
    quantity: values.DecimalGiven | None = None


class DayTemperature(values.Told):
    """The mean of a day in degrees Celsius."""

    day: date
    degrees: values.DecimalTold


class DayTemperatures(values.Told):
    """The latest days first, at most 400."""

    temperatures: list[DayTemperature]


class NewDayTemperature(values.Given):
    """The mean of a day in degrees Celsius, in tenths."""

    day: values.DayGiven
    degrees: Degrees


class NewDayTemperatures(values.Given):
    """Days of a site; those that are there get the new number."""

    temperatures: list[NewDayTemperature] = Field(min_length=1, max_length=metering_operations.MOST_TEMPERATURES)


@endpoint(
    router,
    "GET",
    "/estimating-policy",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=EstimatingPolicy,
    by_site=True,
)
def get_estimating_policy(request: entry.Request, site: SiteAsked = None) -> EstimatingPolicy:
    """This will return how gaps are estimated."""
    return _policy(_site_id(request, site))


@endpoint(
    router,
    "PUT",
    "/estimating-policy",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=EstimatingPolicy,
    by_site=True,
)
def set_estimating_policy(
    request: entry.Request, given: NewEstimatingPolicy, site: SiteAsked = None
) -> EstimatingPolicy:
    """This will set how gaps are estimated from now on, as a new version."""
    site_id = _site_id(request, site)
    metering_operations.set_estimating_order(
        actor=request.caller.actor,
        at=request.caller.at,
        site_id=site_id,
        methods=given.methods,
        follows=given.follows,
        base_tenths=_tenths(given.base),
        limits=Limits(given.most_months, given.percent, given.only_defective),
    )
    return _policy(site_id)


@endpoint(
    router,
    "GET",
    "/check-thresholds",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=CheckThresholds,
    by_site=True,
)
def get_check_thresholds(
    request: entry.Request, site: SiteAsked = None, service: ServiceAsked = None
) -> CheckThresholds:
    """This will return from when on a day is told as one that can hardly be right."""
    return _thresholds(_site_id(request, site), service)


@endpoint(
    router,
    "PUT",
    "/check-thresholds",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=CheckThresholds,
    by_site=True,
)
def set_check_thresholds(
    request: entry.Request, given: NewCheckThresholds, site: SiteAsked = None, service: ServiceAsked = None
) -> CheckThresholds:
    """This will set thresholds as a new version; the days of the last week are checked again."""
    site_id = _site_id(request, site)
    try:
        metering_operations.set_thresholds(
            actor=request.caller.actor,
            at=request.caller.at,
            site_id=site_id,
            service="" if service is None else service.value,
            given=given.given,
        )
    except thresholds.ThresholdInvalid as error:
        raise problems.invalid(f"/body/given/{error.name}", _refused(error)) from error
    return _thresholds(site_id, service)


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/minimum-uses",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=MinimumUses,
    by_site=True,
)
def list_minimum_uses(request: entry.Request, point: uuid.UUID) -> MinimumUses:
    """This will list what was agreed to be used at a meter point in a month at least."""
    return _minimums(reach.point(request, point, permissions.MANAGE_METER))


@endpoint(
    router,
    "PUT",
    "/meter-points/{uuid:point}/minimum-uses",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=MinimumUses,
    by_site=True,
)
def set_minimum_use(request: entry.Request, point: uuid.UUID, given: NewMinimumUse) -> MinimumUses:
    """This will keep what is agreed from a day on; the same day again replaces it."""
    detail = reach.point(request, point, permissions.MANAGE_METER)
    series = detail.find_series(COUNTED_SERIES[detail.service])
    if series is None:
        raise problems.not_found()
    asked = values.read_decimal(given.quantity)
    number = None if asked is None else asked.scaleb(series.decimals, context=rounding.EXACT)
    if number is not None and number != number.to_integral_value():
        words = _("Write at most %(places)s decimals.") % {"places": series.decimals}
        raise problems.invalid("/body/quantity", words)
    metering_operations.set_minimum_use(
        actor=request.caller.actor,
        at=request.caller.at,
        meter_point=detail.public_id,
        from_date=given.from_date,
        a_month=None if number is None else int(number),
    )
    return _minimums(detail)


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/temperatures",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=DayTemperatures,
    by_site=True,
)
def list_temperatures(request: entry.Request, site: uuid.UUID) -> DayTemperatures:
    """This will list the temperatures of days at a site."""
    return _temperatures(reach.site(request, site, permissions.MANAGE_METER).id)


@endpoint(
    router,
    "PUT",
    "/sites/{uuid:site}/temperatures",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=DayTemperatures,
    by_site=True,
)
def keep_temperatures(request: entry.Request, site: uuid.UUID, given: NewDayTemperatures) -> DayTemperatures:
    """This will keep temperatures of days at a site; those of other days stay."""
    row = reach.site(request, site, permissions.MANAGE_METER)
    metering_operations.keep_temperatures(
        actor=request.caller.actor,
        at=request.caller.at,
        site_id=row.id,
        tenths={each.day: _tenths(each.degrees) for each in given.temperatures},
    )
    return _temperatures(row.id)


def _site_id(request: entry.Request, site: uuid.UUID | None) -> int | None:
    """What holds for all sites is for those who manage all of them."""
    if site is None and request.caller.access.sites(permissions.MANAGE_METER) is not None:
        raise problems.invalid(
            "/query/site", _("Name a site: what holds for all sites is for those who manage all of them.")
        )
    return reach.site_id(request, site, permissions.MANAGE_METER)


def _refused(error: thresholds.ThresholdInvalid) -> str:
    bound = thresholds.BOUNDS.get(error.name)
    if bound is None:
        return _("There is no such threshold.")
    told = {"least": bound.least, "most": bound.most, "places": bound.places}
    return _("Write a number between %(least)s and %(most)s with at most %(places)s decimals.") % told


def _tenths(degrees: str) -> int:
    return int(Decimal(degrees).scaleb(1))


def _policy(site_id: int | None) -> EstimatingPolicy:
    row = metering_queries.estimating_policy(site_id=site_id)
    return EstimatingPolicy(
        methods=list(row.methods),
        follows=row.follows,
        base=values.decimal(Decimal(row.base_tenths).scaleb(-1)),
        most_months=row.limits.most_months,
        percent=row.limits.percent,
        only_defective=row.limits.only_defective,
        version=row.version,
    )


def _thresholds(site_id: int | None, service: Service | None) -> CheckThresholds:
    policies = metering_queries.checking_policies()
    code = "" if service is None else service.value
    own = policies.rows.get((site_id, code))
    return CheckThresholds(
        given=dict(own.given) if own else {},
        holding=thresholds.written(policies.holding(site_id=site_id, service=code)),
        version=own.version if own else 0,
    )


def _minimums(detail: metering_queries.MeterDetail) -> MinimumUses:
    series = detail.find_series(COUNTED_SERIES[detail.service])
    rows = [] if series is None else metering_queries.list_minimums(meter_point=detail.public_id)
    decimals = 0 if series is None else series.decimals
    return MinimumUses(
        unit=None if series is None else series.unit,
        minimums=[
            MinimumUse(
                from_date=each.from_date,
                quantity=values.maybe_decimal(
                    None if each.a_month is None else Decimal(each.a_month).scaleb(-decimals, context=rounding.EXACT)
                ),
            )
            for each in rows
        ],
    )


def _temperatures(site_id: int) -> DayTemperatures:
    rows = metering_queries.list_temperatures(site_id=site_id)
    return DayTemperatures(
        temperatures=[
            DayTemperature(day=each.day, degrees=values.decimal(Decimal(each.tenths).scaleb(-1))) for each in rows
        ]
    )
