"""Contracts over all accounts: list, read, and another tariff from a day on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ninja import Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach, tariff_overrides
from meterbook.customers import agreements, permissions
from meterbook.customers import values as customer_values
from meterbook.identity.values import Module
from meterbook.journeys import changing_tariffs, operations
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.metering import values as metering_values

router = Router(tags=["Contracts"])


class SeenReading(values.Told):
    """What the display of the meter showed; `is_between` when it was worked out from readings around."""

    value: values.DecimalTold
    unit: str
    origin: customer_values.ReadingOrigin
    is_between: bool


class Agreement(values.Told):
    """Who pays for which meter point by which tariff in [starts_at, ends_at); `ends_at` null: no end agreed.

    The readings are what its meter showed then; `start_further` and `end_further` are those of further registers that
    people read, by series.
    """

    id: uuid.UUID
    account: uuid.UUID
    account_number: str
    customer: uuid.UUID
    customer_name: str
    meter_point: uuid.UUID
    meter_point_code: str
    place: str
    service: metering_values.Service
    tariff: uuid.UUID
    tariff_code: str
    site_name: str
    time_zone: str
    currency: str
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None
    start_reading: SeenReading | None
    end_reading: SeenReading | None
    start_further: dict[str, SeenReading]
    end_further: dict[str, SeenReading]


class NewTariff(values.Given):
    """Another tariff from the beginning of a local day of the site on; `reason`: why it is not the default."""

    tariff: uuid.UUID
    first_day: values.DayGiven
    reason: tariff_overrides.OverrideReason = ""


@endpoint(
    router,
    "GET",
    "/contracts",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[Agreement],
)
def list_all_contracts(
    request: entry.Request,
    search: values.Search = "",
    show: agreements.Show = agreements.Show.RUNNING,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[Agreement]:
    """This will return contracts; `search` is a part of a customer, account, unit or meter point."""
    rows = agreements.agreements_after(
        narrowing=agreements.Narrowing(show=show, search=search),
        at=request.caller.at,
        after_id=paging.after(request, cursor),
        limit=limit + 1,
        without_sites=reach.without(request, permissions.VIEW_CUSTOMER),
    )
    return paging.page(request, rows, limit, _told)


@endpoint(
    router,
    "GET",
    "/contracts/{uuid:contract}",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Agreement,
)
def get_contract(request: entry.Request, contract: uuid.UUID) -> Agreement:
    """This will return one contract with what the meter showed at its beginning and end."""
    return _told(agreements.get_agreement(public_id=contract))


@endpoint(
    router,
    "POST",
    "/contracts/{uuid:contract}/tariff",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Agreement,
    status=201,
)
def change_tariff_of_contract(request: entry.Request, contract: uuid.UUID, given: NewTariff) -> Agreement:
    """This will let another tariff hold from a day on: the contract ends then, and the answered one goes on.

    Where it is not the default and waits for a second person, the contract is answered as it is.
    """
    caller, row = request.caller, agreements.get_agreement(public_id=contract)
    try:
        made = changing_tariffs.change_tariff(
            actor=caller.actor,
            at=caller.at,
            contract=contract,
            tariff=given.tariff,
            starts_at=civil.start_of_day(given.first_day, row.zone),
            reason=given.reason,
        )
    except operations.JourneyRefused as error:
        field = "tariff" if error.step is Step.TARIFF else "first_day"
        raise problems.invalid(f"/body/{field}", str(error)) from error
    return _told(agreements.get_agreement(public_id=made.public_id))


def _told(row: agreements.AgreementRow) -> Agreement:
    return Agreement(
        id=row.public_id,
        account=row.account_public_id,
        account_number=row.account_number,
        customer=row.customer_public_id,
        customer_name=row.customer_name,
        meter_point=row.point_public_id,
        meter_point_code=row.point_code,
        place=row.place_name,
        service=row.service,
        tariff=row.tariff_public_id,
        tariff_code=row.tariff_code,
        site_name=row.site_name,
        time_zone=row.zone.key,
        currency=row.currency,
        starts_at=values.instant(row.starts_at),
        ends_at=values.maybe_instant(row.ends_at),
        start_reading=_seen(row.start_reading),
        end_reading=_seen(row.end_reading),
        start_further=_further(row.start_further),
        end_further=_further(row.end_further),
    )


def _seen(seen: customer_values.SeenReading | None) -> SeenReading | None:
    return None if seen is None else _shown(seen)


def _further(seen: Mapping[str, customer_values.SeenReading]) -> dict[str, SeenReading]:
    return {code: _shown(each) for code, each in seen.items()}


def _shown(seen: customer_values.SeenReading) -> SeenReading:
    return SeenReading(value=values.decimal(seen.value), unit=seen.unit, origin=seen.origin, is_between=seen.is_between)
