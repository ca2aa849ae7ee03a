"""Bills by hand with free begin and end; and what is done in a run about missing readings."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import run_shapes as shapes
from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.identity.values import Module
from meterbook.journeys import keeping_calendars
from meterbook.metering import permissions as metering_permissions

router = Router(tags=["Bill runs"])


class ManualBillGiven(values.Given):
    """For whom, an account or a unit, and from when until when; the end is not billed any more."""

    account: uuid.UUID | None = None
    unit: uuid.UUID | None = None
    start: values.InstantGiven
    end: values.InstantGiven
    due_days: Annotated[int, Field(ge=0, le=billing_values.MOST_DUE_DAYS)] = billing_values.DUE_DAYS


class HeldPayer(values.Told):
    """An account that could not be billed so, and by which codes of reasons."""

    account: str
    reasons: list[str]


class ManualPreview(values.Told):
    """Contents in the format "meterbook-bill/1", as they would be stored; nothing was made."""

    bills: list[dict[str, Any]]
    held: list[HeldPayer]


class EstimateInRun(values.Given):
    """Held accounts whose missing readings are estimated by the methods of the site, and why."""

    accounts: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1_000)]
    reason: values.Note


class EstimatedInRun(values.Told):
    """How many gaps were filled; the accounts are checked again within a minute."""

    filled: int


class WaitInRun(values.Given):
    """Accounts that are put aside until their readings come, so many days at most."""

    accounts: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1_000)]
    days: Annotated[int, Field(ge=1, le=billing_values.MOST_GRACE_DAYS)] = 3


@endpoint(
    router,
    "POST",
    "/manual-bills/preview",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=ManualPreview,
)
def preview_manual_bill(request: entry.Request, given: ManualBillGiven) -> ManualPreview:
    """This will return what a bill by hand would be; nothing of it stays."""
    caller = request.caller
    found = billing_operations.preview_manual(actor=caller.actor, at=caller.at, wanted=_wanted(request, given))
    held = [HeldPayer(account=number, reasons=[each["reason"] for each in reasons]) for number, reasons in found.held]
    return ManualPreview(bills=list(found.contents), held=held)


@endpoint(
    router,
    "POST",
    "/manual-bills",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def plan_manual_bill(request: entry.Request, given: ManualBillGiven) -> shapes.Run:
    """This will start the run of a bill by hand; it is reviewed and approved like any other."""
    caller = request.caller
    made = billing_operations.plan_manual(
        actor=caller.actor, at=caller.at, wanted=_wanted(request, given), due_days=given.due_days
    )
    return shapes.run(billing_queries.find_run_row(public_id=made.public_id))


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/estimates",
    permission=metering_permissions.CORRECT_READING,
    module=Module.BILLING,
    by_site=True,
    answers=EstimatedInRun,
)
def estimate_in_run(request: entry.Request, run: uuid.UUID, given: EstimateInRun) -> EstimatedInRun:
    """This will estimate what lacks of held accounts; that changes readings, so it needs the right to correct them."""
    caller = request.caller
    site_id = billing_queries.site_id_of_run(public_id=run)
    if not caller.access.allows(metering_permissions.CORRECT_READING, site_id):
        raise problems.not_found()
    ids = _ids(run, given.accounts)
    filled = keeping_calendars.estimate_accounts(
        actor=caller.actor, at=caller.at, run=run, account_ids=ids, reason=given.reason
    )
    return EstimatedInRun(filled=filled)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/waits",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
)
def wait_in_run(request: entry.Request, run: uuid.UUID, given: WaitInRun) -> shapes.Run:
    """This will put accounts aside until their readings come; a run of their own follows, the others go on."""
    caller = request.caller
    billing_operations.put_aside(
        actor=caller.actor,
        at=caller.at,
        run=run,
        account_ids=_ids(run, given.accounts),
        why=billing_values.AsideReason.READINGS,
        until_at=caller.at + timedelta(days=given.days),
        reason=_("Waits for readings."),
    )
    return shapes.run(billing_queries.find_run_row(public_id=run))


def _wanted(request: entry.Request, given: ManualBillGiven) -> billing_operations.Wanted:
    if (given.account is None) == (given.unit is None):
        raise problems.invalid("/body/account", _("Name an account or a unit, one of them."))
    payer = billing_queries.get_payer(
        account=given.account, unit=given.unit, site_ids=request.caller.access.sites(permissions.MANAGE_RUN)
    )
    if payer is None:
        raise problems.not_found()
    return billing_operations.Wanted(given.start, given.end, account=given.account, unit=given.unit)


def _ids(run: uuid.UUID, accounts: list[uuid.UUID]) -> list[int]:
    wanted = set(accounts)
    found = billing_queries.members_of(run_public_id=run, accounts=wanted)
    if len(found) != len(wanted):
        raise problems.invalid("/body/accounts", _("An account has no part in the run."))
    return list(found.values())
