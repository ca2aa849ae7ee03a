"""Units: who pays for them, accounts opened for several at once, and what is used and billed to nobody."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach, tariff_overrides
from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import letting, permissions, unbilled
from meterbook.identity.values import Module
from meterbook.journeys import opening_many
from meterbook.metering import values as metering_values

router = Router(tags=["Units"])
MOST_AT_ONCE = 100
UnitKey = Annotated[str, Field(pattern=r"^[up][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class UnitPoint(values.Told):
    """A meter point of a unit with its newest contract; `is_paid` says that it runs."""

    id: uuid.UUID
    code: str
    name: str
    service: metering_values.Service
    is_paid: bool
    contract: uuid.UUID | None
    account: uuid.UUID | None
    account_number: str
    customer_name: str
    ends_at: values.InstantTold | None


class LetUnit(values.Told):
    """A unit with its meter points, or one that belongs to none; `key` names it when somebody moves."""

    key: str
    name: str
    is_vacant: bool
    vacant_since: values.InstantTold | None
    meter_points: list[UnitPoint]


class Opening(values.Given):
    """One unit with the account and the customer who will pay for it."""

    unit: UnitKey
    number: values.Code
    name: values.Name
    email: values.MaybeEmail = ""


class Openings(values.Given):
    """Accounts for units of a site for which nobody pays, from the beginning of a local day on; tariffs by service.

    `reason` says why a tariff is not the default.
    """

    site: uuid.UUID
    first_day: values.DayGiven
    tariffs: dict[metering_values.Service, uuid.UUID]
    language: values.Language = "en"
    openings: Annotated[list[Opening], Field(min_length=1, max_length=MOST_AT_ONCE)]
    reason: tariff_overrides.OverrideReason = ""


class Opened(values.Told):
    """The accounts in the order of what was sent."""

    accounts: list[uuid.UUID]


class UnbilledUse(values.Told):
    """What was used this month in days that no contract covers."""

    value: values.DecimalTold
    unit: str


class UnpaidPoint(values.Told):
    """A meter point of tenants for which nobody pays. `landlord` is the account that takes its use, else empty."""

    id: uuid.UUID
    unit: str
    code: str
    name: str
    place: str
    site_name: str
    service: metering_values.Service
    use: UnbilledUse | None
    vacant_since: values.InstantTold | None
    was_let: bool
    landlord: str


class PricelessContract(values.Told):
    """A contract that runs while its tariff has no version in force: a bill run holds its account."""

    id: uuid.UUID
    account: uuid.UUID
    account_number: str
    customer_name: str
    meter_point_code: str
    tariff: uuid.UUID
    tariff_code: str
    use: UnbilledUse | None


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/units",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[LetUnit],
)
def list_units(
    request: entry.Request,
    site: uuid.UUID,
    search: values.Search = "",
    vacant: bool = False,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[LetUnit]:
    """This will return the units of a site with who pays for them; `search` is a part of a unit, meter or payer."""
    row = reach.site(request, site, permissions.VIEW_CUSTOMER)
    shared = pool_queries.shared_meters(on=request.caller.at.date()) if vacant else ()
    found = letting.places(at=request.caller.at, site_id=row.id, search=search, shared=shared)
    return paging.cut(
        request,
        [each for each in found if each.is_vacant or not vacant],
        key=lambda each: min(point.id for point in each.points),
        cursor=cursor,
        limit=limit,
        tell=_unit,
    )


@endpoint(
    router,
    "POST",
    "/accounts/openings",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Opened,
    status=201,
)
def open_accounts(request: entry.Request, given: Openings) -> Opened:
    """This will open an account with a customer and its contracts for each unit: all of them, or none."""
    caller, row = request.caller, reach.site(request, given.site, permissions.MANAGE_CUSTOMER)
    openings = [opening_many.Opening(each.unit, each.number, each.name, each.email) for each in given.openings]
    try:
        made = opening_many.open_accounts(
            actor=caller.actor,
            at=caller.at,
            site=row.public_id,
            openings=openings,
            tariffs={service.value: tariff for service, tariff in given.tariffs.items()},
            first_day=given.first_day,
            language=given.language,
            reason=given.reason,
        )
    except opening_many.OpeningsRefused as error:
        places = [(f"/body/openings/{number}", each.place) for number, each in enumerate(openings)]
        errors = [(pointer, error.faults[place]) for pointer, place in places if place in error.faults]
        raise problems.Problem(422, "invalid", str(error), errors=errors) from error
    return Opened(accounts=made)


@endpoint(
    router,
    "GET",
    "/unbilled/meter-points",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[UnpaidPoint],
)
def list_unbilled_points(
    request: entry.Request,
    why: Literal["used", "nobodys"] = "used",
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[UnpaidPoint]:
    """This will return meter points that were used this month without a contract, or for which nobody pays now."""
    found = _unbilled(request)
    rows = found.used if why == "used" else found.nobodys
    return paging.cut(request, rows, key=lambda each: each.public_id.int, cursor=cursor, limit=limit, tell=_unpaid)


@endpoint(
    router,
    "GET",
    "/unbilled/contracts",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[PricelessContract],
)
def list_priceless_contracts(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[PricelessContract]:
    """This will return running contracts whose tariff has no version in force."""
    rows = _unbilled(request).priceless
    return paging.cut(request, rows, key=lambda each: each.public_id.int, cursor=cursor, limit=limit, tell=_priceless)


def _unbilled(request: entry.Request) -> unbilled.Unbilled:
    sites = reach.sites(request, permissions.VIEW_CUSTOMER)
    return unbilled.find_unbilled(
        sites=[unbilled.Place(each.id, each.zone) for each in sites],
        at=request.caller.at,
        shared=pool_queries.shared_meters(on=request.caller.at.date()),
    )


def _unit(place: letting.Place) -> LetUnit:
    return LetUnit(
        key=place.key,
        name=place.name,
        is_vacant=place.is_vacant,
        vacant_since=values.maybe_instant(place.vacant_since),
        meter_points=[_point(each) for each in place.points],
    )


def _point(point: letting.PointOf) -> UnitPoint:
    newest = point.newest
    return UnitPoint(
        id=point.public_id,
        code=point.code,
        name=point.name,
        service=point.service,
        is_paid=point.is_paid,
        contract=newest.contract_public_id if newest else None,
        account=newest.account_public_id if newest else None,
        account_number=newest.account_number if newest else "",
        customer_name=newest.customer_name if newest else "",
        ends_at=values.maybe_instant(newest.ends_at) if newest else None,
    )


def _use(row: unbilled.UnpaidPoint | unbilled.PricelessContract) -> UnbilledUse | None:
    return None if row.use is None else UnbilledUse(value=values.decimal(row.use.number), unit=row.use.unit.value)


def _unpaid(row: unbilled.UnpaidPoint) -> UnpaidPoint:
    return UnpaidPoint(
        id=row.public_id,
        unit=row.place_key,
        code=row.code,
        name=row.name,
        place=row.place_name,
        site_name=row.site_name,
        service=row.service,
        use=_use(row),
        vacant_since=values.maybe_instant(row.vacant_since),
        was_let=row.was_let,
        landlord=row.landlord,
    )


def _priceless(row: unbilled.PricelessContract) -> PricelessContract:
    return PricelessContract(
        id=row.public_id,
        account=row.account_public_id,
        account_number=row.account_number,
        customer_name=row.customer_name,
        meter_point_code=row.point_code,
        tariff=row.tariff_public_id,
        tariff_code=row.tariff_code,
        use=_use(row),
    )
