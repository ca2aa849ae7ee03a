"""Defaults of tariffs by group, and contracts that run by another tariff."""

from __future__ import annotations

import uuid
from datetime import date

from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.customers import overrides, permissions, tariff_defaults
from meterbook.customers.values import CustomerKind
from meterbook.identity.values import Module
from meterbook.metering.values import Service

router = Router(tags=["Contracts"])


class TariffDefault(values.Told):
    """The tariff that a group is expected to have on days [first_day, until_day); null in a group: all of them."""

    id: uuid.UUID
    service: Service
    site: uuid.UUID | None
    building: uuid.UUID | None
    customer_kind: CustomerKind | None
    tariff: uuid.UUID
    tariff_code: str
    first_day: date
    until_day: date | None


class BehindOther(values.Told):
    """Why a contract has another tariff than its default, and who approved that when."""

    id: uuid.UUID
    reason: str
    approved_by: str
    approved_at: values.InstantTold | None


class OtherThanDefault(values.Told):
    """A running contract by another tariff than its default; `level` says where the default comes from.

    `override` says why and who approved it; null: it is older than the default.
    """

    contract: uuid.UUID
    account_number: str
    meter_point_code: str
    tariff_code: str
    starts_at: values.InstantTold
    default_tariff_code: str
    level: tariff_defaults.DefaultLevel
    override: BehindOther | None


class TariffDefaults(values.Told):
    """The defaults, and who has another tariff now."""

    items: list[TariffDefault]
    others: list[OtherThanDefault]


class NewTariffDefault(values.Given):
    """A default of a group from a day on, until the next that is set; `tariff` null: none from that day on."""

    service: Service
    site: uuid.UUID | None = None
    building: uuid.UUID | None = None
    customer_kind: CustomerKind | None = None
    tariff: uuid.UUID | None
    first_day: values.DayGiven


@endpoint(
    router,
    "GET",
    "/tariff-defaults",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TariffDefaults,
)
def list_tariff_defaults(request: entry.Request) -> TariffDefaults:
    """This will return the defaults of tariffs, and contracts that run by another tariff than theirs."""
    return _all(request)


@endpoint(
    router,
    "POST",
    "/tariff-defaults",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TariffDefaults,
    status=201,
)
def set_tariff_default(request: entry.Request, given: NewTariffDefault) -> TariffDefaults:
    """This will let a tariff be the default of a group from a day on; contracts that run stay as they are."""
    caller = request.caller
    if given.site is not None:
        reach.site(request, given.site, permissions.MANAGE_CUSTOMER)
    elif caller.access.sites(permissions.MANAGE_CUSTOMER) is not None:
        raise problems.invalid("/body/site", "name a site: your right covers single sites")
    try:
        tariff_defaults.set_default(
            actor=caller.actor,
            at=caller.at,
            group=tariff_defaults.Group(given.service, given.site, given.building, given.customer_kind),
            tariff=given.tariff,
            first_day=given.first_day,
        )
    except tariff_defaults.DefaultInvalid as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    return _all(request)


def _all(request: entry.Request) -> TariffDefaults:
    rows = tariff_defaults.list_defaults(sites=request.caller.access.sites(permissions.VIEW_CUSTOMER))
    others = tariff_defaults.other_tariffs(at=request.caller.at)
    behind = overrides.behind(contracts=[each.contract for each in others])
    return TariffDefaults(
        items=[
            TariffDefault(
                id=each.public_id,
                service=each.service,
                site=each.site_public_id,
                building=each.building_public_id,
                customer_kind=each.customer_kind,
                tariff=each.tariff_public_id,
                tariff_code=each.tariff_code,
                first_day=each.first_day,
                until_day=each.until_day,
            )
            for each in rows
        ],
        others=[
            OtherThanDefault(
                contract=each.contract,
                account_number=each.account_number,
                meter_point_code=each.point_code,
                tariff_code=each.tariff_code,
                starts_at=values.instant(each.starts_at),
                default_tariff_code=each.default.tariff_code,
                level=each.default.level,
                override=_behind(behind.get(each.contract)),
            )
            for each in others
        ],
    )


def _behind(row: overrides.OverrideRow | None) -> BehindOther | None:
    if row is None:
        return None
    return BehindOther(
        id=row.public_id,
        reason=row.reason,
        approved_by=row.decided_by,
        approved_at=values.maybe_instant(row.decided_at),
    )
