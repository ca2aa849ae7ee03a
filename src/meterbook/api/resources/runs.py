"""Bill runs: what they hold, and what is decided about them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.api.resources import run_shapes as shapes
from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.journeys import send_bills, send_credit_notes
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Bill runs"])
LONGEST = timedelta(days=366)
Accounts = Annotated[list[uuid.UUID], Field(min_length=1, max_length=1_000)]


class NewRun(values.Given):
    """Which local days [first_day, until_day) of a site are billed."""

    site: uuid.UUID
    first_day: values.DayGiven
    until_day: values.DayGiven
    due_days: Annotated[int, Field(ge=0, le=billing_values.MOST_DUE_DAYS)] = billing_values.DUE_DAYS


class Check(values.Given):
    """Whether only held accounts are checked again, or all drafts are made anew."""

    everything: bool = False


class LeftOut(values.Given):
    """Accounts that are left to a later run, and why."""

    accounts: Accounts
    reason: values.Note


class Included(values.Given):
    """Accounts that are taken into the run again."""

    accounts: Accounts


class Cancellation(values.Given):
    """Why a run is thrown away."""

    reason: values.Note


class NewPrint(values.Given):
    """Whether all bills are printed, or only those of customers without an e-mail address."""

    everything: bool = False


@endpoint(
    router,
    "GET",
    "/runs",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[shapes.Run],
)
def list_runs(
    request: entry.Request,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.Run]:
    """This will return runs in the order in which they were started."""
    rows = billing_queries.runs_after(
        after_id=paging.after(request, cursor),
        limit=limit + 1,
        site_id=reach.site_id(request, site, site_permissions.VIEW_SITES),
        without_sites=reach.without(request, permissions.VIEW_BILL),
    )
    return paging.page(request, [(each.id, each) for each in rows], limit, shapes.run)


@endpoint(
    router,
    "POST",
    "/runs",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def plan_run(request: entry.Request, given: NewRun) -> shapes.Run:
    """This will start a run; jobs carry it on to REVIEW. Time that another run billed is left out."""
    caller = request.caller
    if not given.first_day < given.until_day <= given.first_day + LONGEST:
        raise problems.invalid("/body/until_day", _("Take a day after the first one, at most a year later."))
    reach.site(request, given.site, permissions.MANAGE_RUN)
    made = billing_operations.plan_run(actor=caller.actor, at=caller.at, **given.model_dump())
    return _read(made.public_id)


@endpoint(
    router,
    "GET",
    "/runs/{uuid:run}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.RunWithSums,
)
def get_run(request: entry.Request, run: uuid.UUID) -> shapes.RunWithSums:
    """This will return a run with the sums of its drafts."""
    return shapes.with_sums(billing_queries.get_run(public_id=run))


@endpoint(
    router,
    "GET",
    "/runs/{uuid:run}/accounts",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[shapes.Member],
)
def list_run_accounts(
    request: entry.Request,
    run: uuid.UUID,
    state: billing_values.MemberState | None = None,
    search: values.Search = "",
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.Member]:
    """This will return the accounts of a run in the order of their bills, with why some are held."""
    found = billing_queries.run_bills(
        run_public_id=run,
        states=() if state is None else (state,),
        search=search,
        limit=limit + 1,
        after_position=paging.after(request, cursor),
    )
    return paging.page(request, [(each.position, each) for each in found.rows], limit, shapes.member)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/check",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def check_run(request: entry.Request, run: uuid.UUID, given: Check) -> shapes.Run:
    """This will check held accounts again, or make all drafts anew."""
    caller = request.caller
    billing_operations.check_again(actor=caller.actor, at=caller.at, run=run, is_everything=given.everything)
    return _read(run)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/leave-out",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
)
def leave_out_of_run(request: entry.Request, run: uuid.UUID, given: LeftOut) -> shapes.Run:
    """This will leave accounts to a later run of the same days."""
    caller = request.caller
    billing_operations.exclude_accounts(
        actor=caller.actor, at=caller.at, run=run, account_ids=_ids(run, given.accounts), reason=given.reason
    )
    return _read(run)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/include",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def include_in_run(request: entry.Request, run: uuid.UUID, given: Included) -> shapes.Run:
    """This will take accounts that were left out into the run again; jobs check and draft them."""
    caller = request.caller
    billing_operations.include_accounts(
        actor=caller.actor, at=caller.at, run=run, account_ids=_ids(run, given.accounts)
    )
    return _read(run)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/approval",
    permission=permissions.APPROVE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def approve_run(request: entry.Request, run: uuid.UUID) -> shapes.Run:
    """This will approve all drafts of a run; jobs issue them with today's date at the site.

    Who started a run may not approve it while somebody else can; the keys of one person count as that person.
    """
    caller = request.caller
    billing_operations.approve_run(actor=caller.actor, at=caller.at, run=run)
    return _read(run)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/cancellation",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
)
def cancel_run(request: entry.Request, run: uuid.UUID, given: Cancellation) -> shapes.Run:
    """This will throw away the drafts of a run that is not approved, and free its days."""
    caller = request.caller
    billing_operations.cancel_run(actor=caller.actor, at=caller.at, run=run, reason=given.reason)
    return _read(run)


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/carry-on",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Run,
    status=202,
)
def carry_on_run(request: entry.Request, run: uuid.UUID) -> shapes.Run:
    """This will have jobs take up a run again: harmless while others work on it, and helpful after a crash."""
    caller = request.caller
    billing_operations.carry_on(actor=caller.actor, at=caller.at, run=run)
    return _read(run)


@endpoint(
    router,
    "GET",
    "/runs/{uuid:run}/print-files",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.PrintFiles,
)
def list_print_files(request: entry.Request, run: uuid.UUID) -> shapes.PrintFiles:
    """This will return the newest files for the printer of a run."""
    billing_queries.find_run_row(public_id=run)
    return shapes.PrintFiles(items=[shapes.print_file(each) for each in billing_queries.list_prints(run_public_id=run)])


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/print-files",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.PrintFiles,
    status=202,
)
def print_run(request: entry.Request, run: uuid.UUID, given: NewPrint) -> shapes.PrintFiles:
    """This will have the bills of a run put into files for the printer, in the order of the units.

    Credit notes that go with them lie on the bills of their account.
    """
    caller = request.caller
    made = billing_operations.print_bills(
        actor=caller.actor,
        at=caller.at,
        run=run,
        is_everything=given.everything,
        also=[*(each.public_id for each in send_bills.unsent(run=run)), *send_credit_notes.unsendable()],
    )
    rows = [billing_queries.get_print(public_id=each.public_id) for each in made]
    return shapes.PrintFiles(items=[shapes.print_file(each) for each in rows])


@endpoint(
    router,
    "GET",
    "/print-files/{uuid:print_file}/pdf",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_print_file(request: entry.Request, print_file: uuid.UUID) -> HttpResponse:
    """This will return a file for the printer."""
    row = billing_queries.get_print(public_id=print_file)
    if row.file_id is None:
        words = _("The file is still being made; ask again in a moment.")
        raise problems.Problem(409, "not_ready", words, headers={"Retry-After": "5"})
    file, content = document_queries.file_content(public_id=row.file_id)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(content, content_type=file.media_type, headers=headers)


def _read(run: uuid.UUID) -> shapes.Run:
    return shapes.run(billing_queries.find_run_row(public_id=run))


def _ids(run: uuid.UUID, accounts: list[uuid.UUID]) -> list[int]:
    """Internal ids, of this run alone: those of others have no part in it."""
    wanted = set(accounts)
    found = billing_queries.members_of(run_public_id=run, accounts=wanted)
    if len(found) != len(wanted):
        raise problems.invalid("/body/accounts", _("An account has no part in the run."))
    return list(found.values())
