"""What people decide about a run: check again, leave accounts out or take them in again, approve, cancel, carry on.

What cannot be taken back is asked twice: the first time answers a page that names the object and the effect.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import planning
from meterbook.customers import queries as customer_queries
from meterbook.foundation import queue, scoping
from meterbook.identity.values import Module
from meterbook.web import access, parameters
from meterbook.web.billing import confirming, replanned, run_table, runs
from meterbook.web.templatetags import meterbook as tags

REFUSALS = (
    billing_operations.DraftsStale,
    billing_operations.HeldRemain,
    billing_operations.MemberNotFound,
    billing_operations.NothingLeft,
    billing_operations.NothingToIssue,
    billing_operations.NotInReview,
    billing_operations.RunNotCancelable,
    billing_operations.RunOutdated,
    billing_operations.SecondPersonNeeded,
    customer_queries.NoLandlord,
)
REASON_LENGTH = 500
LONGEST_ID = 19  # digits
MOST_KEPT = 20_000


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def check(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will plan the run anew and check the held accounts again; with `everything` all bills are calculated anew.

    That is asked first.
    """
    is_everything = bool(request.POST.get("everything"))
    if is_everything and not request.POST.get("sure"):
        return confirming.everything(request, _find(run))

    def act() -> str:
        done = billing_operations.check_again(actor=request.actor, at=request.at, run=run, is_everything=is_everything)
        said = _("Every account is calculated anew.") if is_everything else _("Held accounts are checked again.")
        return " ".join([said, *replanned.sentences(done.planned)])

    return _done(request, run, act)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def leave_out(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will leave the chosen accounts out of the run, once the reason is given.

    With `all` those that the filter of the page finds are chosen.
    """
    row = _find(run)
    asked = chosen(request, run)
    if not asked:
        messages.error(request, _("Choose at least one account that is ready or needs a decision."))
        return redirect("run", request.organization.public_id, run)
    reason = parameters.written(request.POST.get("reason", ""), REASON_LENGTH)
    if not request.POST.get("sure") or not reason:
        return confirming.leaving_out(request, row, asked, is_lacking=bool(request.POST.get("sure")))

    def act() -> str:
        billing_operations.exclude_accounts(
            actor=request.actor, at=request.at, run=run, account_ids=asked, reason=reason
        )
        words = ngettext("%(count)s account was left out.", "%(count)s accounts were left out.", len(asked))
        return words % {"count": tags.number(len(asked))}

    return _done(request, run, act)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def include(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will take the chosen accounts, which were left out, into the run again."""
    _find(run)
    left_out = billing_queries.Narrowing(show=billing_queries.Show.EXCLUDED)
    chosen = _asked(request, billing_queries.member_ids(run_public_id=run, narrowing=left_out))
    if not chosen:
        messages.error(request, _("Choose at least one account that was left out."))
        return redirect("run", request.organization.public_id, run)

    def act() -> str:
        billing_operations.include_accounts(actor=request.actor, at=request.at, run=run, account_ids=chosen)
        words = ngettext(
            "%(count)s account is in the run again and is checked now.",
            "%(count)s accounts are in the run again and are checked now.",
            len(chosen),
        )
        return words % {"count": tags.number(len(chosen))}

    return _done(request, run, act)


@require_POST
@access.page(permission=permissions.APPROVE_RUN, module=Module.BILLING, by_site=True)
def approve(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will approve all drafts of the run, once that is sure."""
    row = _find(run)
    if runs.approval(request, row).get("is_barred"):
        messages.error(request, _("You started this run; another person with the right to approve must do so."))
        return redirect("run", request.organization.public_id, run)
    if not request.POST.get("sure"):
        return confirming.approving(request, row)

    def act() -> str:
        approved = billing_operations.approve_run(actor=request.actor, at=request.at, run=run)
        if approved.is_approved_alone:
            return _("Approved by you alone; the bills are being issued.")
        return _("Approved; the bills are being issued.")

    return _done(request, run, act)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def carry_on(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will ask for the next step again: harmless while the run works, and helpful after a crash."""
    _find(run)
    queue.defer(planning.ADVANCE, organization_id=scoping.current().organization_id, run_id=str(run))
    messages.success(request, _("The run goes on from its latest finished step."))
    return redirect("run", request.organization.public_id, run)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def cancel(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will cancel the run and free its days, once that is sure."""
    if not request.POST.get("sure"):
        return confirming.canceling(request, _find(run))
    reason = parameters.written(request.POST.get("reason", ""), REASON_LENGTH) or _("no reason given")

    def act() -> str:
        billing_operations.cancel_run(actor=request.actor, at=request.at, run=run, reason=reason)
        return _("The run was canceled; its days can be billed by another run.")

    return _done(request, run, act)


def chosen(request: access.Request, run: uuid.UUID) -> list[int]:
    """This will return internal ids, of this run alone: what was typed into the address finds nothing."""
    is_all = bool(request.POST.get("all"))
    narrowing = run_table.read(request) if is_all else billing_queries.Narrowing()
    there = billing_queries.member_ids(run_public_id=run, narrowing=narrowing, is_open=True)
    return there if is_all else _asked(request, there)


def _asked(request: access.Request, there: list[int]) -> list[int]:
    """Those of the accounts that the form names."""
    # What was chosen on other pages of the list comes in one field: a request may hold a thousand of them.
    given = [*request.POST.getlist("account"), *request.POST.get("account_kept", "").split(",")[:MOST_KEPT]]
    asked = {int(each) for each in given if each.isascii() and each.isdecimal() and len(each) < LONGEST_ID}
    return [each for each in there if each in asked]


def _find(run: uuid.UUID) -> billing_queries.RunRow:
    try:
        return billing_queries.find_run_row(public_id=run)
    except billing_queries.RunNotFound as error:
        raise Http404(_("There is no such run.")) from error


def _done(request: access.Request, run: uuid.UUID, act: Callable[[], str]) -> HttpResponse:
    try:
        words = act()
    except billing_operations.RunNotFound as error:
        raise Http404(_("There is no such run.")) from error
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect("run", request.organization.public_id, run)
