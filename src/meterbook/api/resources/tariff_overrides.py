"""Other tariffs than the default that were asked for, and deciding about them."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.customers import overrides, permissions
from meterbook.customers.values import REASON_LENGTH, OverrideState
from meterbook.identity.values import Module
from meterbook.journeys import deciding_overrides

router = Router(tags=["Contracts"])
# Why another tariff than the default is to hold; needed where it is not the default.
OverrideReason = Annotated[str, Field(max_length=REASON_LENGTH)]


class TariffOverride(values.Told):
    """Another tariff than the default from an instant on. While it is WAITING what was there holds; `holds_from` is
    later than `starts_at` where bills reach further. `is_alone`: one person asked and approved, for lack of another.
    `answer`: why it was refused; empty where it was taken back.
    """

    id: uuid.UUID
    account: uuid.UUID
    account_number: str
    customer_name: str
    meter_point_code: str
    tariff_code: str
    default_tariff_code: str
    starts_at: values.InstantTold
    holds_from: values.InstantTold | None
    reason: str
    asked_by: str
    asked_at: values.InstantTold
    state: OverrideState
    decided_by: str
    decided_at: values.InstantTold | None
    is_alone: bool
    answer: str


class OverrideRefusal(values.Given):
    """Why it is refused; who asked for it reads that."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH)]


class TariffOverrides(values.Told):
    """Those that wait first, then the latest; five hundred at most."""

    items: list[TariffOverride]


@endpoint(
    router,
    "GET",
    "/tariff-overrides",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TariffOverrides,
)
def list_tariff_overrides(request: entry.Request, state: OverrideState | None = None) -> TariffOverrides:
    """This will return the other tariffs than the default that were asked for."""
    found = overrides.list_overrides(state=state, sites=request.caller.access.sites(permissions.VIEW_CUSTOMER))
    return TariffOverrides(items=[_told(each) for each in found])


@endpoint(
    router,
    "POST",
    "/tariff-overrides/{uuid:override}/approve",
    permission=permissions.APPROVE_OVERRIDE,
    module=Module.BILLING,
    by_site=True,
    answers=TariffOverride,
)
def approve_tariff_override(request: entry.Request, override: uuid.UUID) -> TariffOverride:
    """This will let the tariff hold, from `holds_from` on."""
    _reached(request, override)
    deciding_overrides.approve(actor=request.caller.actor, at=request.caller.at, override=override)
    return _told(overrides.get_override(public_id=override))


@endpoint(
    router,
    "POST",
    "/tariff-overrides/{uuid:override}/refuse",
    permission=permissions.APPROVE_OVERRIDE,
    module=Module.BILLING,
    by_site=True,
    answers=TariffOverride,
)
def refuse_tariff_override(request: entry.Request, override: uuid.UUID, given: OverrideRefusal) -> TariffOverride:
    """This will leave the contract as it is, and keep why."""
    _reached(request, override)
    try:
        overrides.refuse(actor=request.caller.actor, at=request.caller.at, override=override, reason=given.reason)
    except overrides.RefusalUnreasoned as error:
        raise problems.invalid("/body/reason", str(error)) from error
    return _told(overrides.get_override(public_id=override))


def _reached(request: entry.Request, override: uuid.UUID) -> None:
    found = overrides.get_override(public_id=override)
    if not request.caller.access.allows(permissions.APPROVE_OVERRIDE, found.site_id):
        raise problems.Problem(404, "not_found", _("There is no such override of a default tariff."))


def _told(row: overrides.OverrideRow) -> TariffOverride:
    is_waiting = row.state is OverrideState.WAITING
    return TariffOverride(
        id=row.public_id,
        account=row.account_public_id,
        account_number=row.account_number,
        customer_name=row.customer_name,
        meter_point_code=row.point_code,
        tariff_code=row.tariff_code,
        default_tariff_code=row.default_code,
        starts_at=values.instant(row.starts_at),
        holds_from=values.instant(deciding_overrides.holds_from(row)) if is_waiting else None,
        reason=row.reason,
        asked_by=row.author,
        asked_at=values.instant(row.asked_at),
        state=row.state,
        decided_by=row.decided_by,
        decided_at=values.maybe_instant(row.decided_at),
        is_alone=row.is_alone,
        answer=row.answer,
    )
