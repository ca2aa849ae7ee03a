"""A closed sheet that would come out differently: carry it or bill all again, what each costs, and who approves."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.billing import permissions
from meterbook.billing.operations import correcting, crediting, pool_rebilling, pool_swapping
from meterbook.billing.queries import pool_rebills
from meterbook.identity.values import Module
from meterbook.web import access, once, typed
from meterbook.web.billing import shared_words
from meterbook.web.billing import words as bill_words
from meterbook.web.pools import finding
from meterbook.web.sites import choice

REFUSALS = (
    crediting.CorrectionOutdated,
    pool_rebilling.RebillDecided,
    pool_rebilling.RebillNeedsAnother,
    pool_rebilling.RebillOutdated,
    pool_rebilling.RebillPresent,
    pool_swapping.NothingToRebill,
    pool_swapping.RebillBlocked,
)
STATES = {
    "PROPOSED": gettext_lazy("Waits for a second person"),
    "DONE": gettext_lazy("Billed again"),
    "REJECTED": gettext_lazy("Rejected"),
}


class RebillForm(typed.Form):
    """Why all members are billed again, or why not."""

    reason = django_forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, help_text=gettext_lazy("It stands on each credit note.")
    )


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def late(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will show what carrying the difference and billing all members again would cost each of them."""
    return _show(request, sheet, RebillForm(None))


@require_POST
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def propose(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will propose to bill all members again."""
    row, _pool, _content = finding.find_sheet(request, sheet, permissions.MANAGE_POOL)
    form = RebillForm(request.POST)
    if form.is_valid():
        try:
            made = pool_rebilling.propose_rebill(
                actor=request.actor, at=request.at, sheet=row.public_id, reason=form.cleaned_data["reason"]
            )
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("It was proposed; another person approves it."))
            return redirect("rebill", request.organization.public_id, made.public_id)
    return _show(request, sheet, form)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def rebill(request: access.Request, rebill: uuid.UUID) -> HttpResponse:
    """This will show a proposal, bill by bill, and ask for the approval that it waits for."""
    found = _find(request, rebill, permissions.VIEW_BILL)
    row, pool, _content = finding.find_sheet(request, found.sheet, permissions.VIEW_BILL)
    is_own = found.proposed_by_id == request.actor.id
    context = {
        "found": found,
        "caption": STATES[found.state],
        "pool": pool,
        "days": shared_words.days(row.first_day, row.until_day),
        "lines": [
            (
                each["account"],
                each["name"],
                each["bill"],
                each["bill_id"],
                _money(each["before"], found.currency),
                _money(each["now"], found.currency),
            )
            for each in found.plan
        ],
        "may_approve": found.is_open and request.access.allows(permissions.APPROVE_RUN, found.site_id),
        "is_barred": found.is_open
        and is_own
        and correcting.needs_another(actor=request.actor, at=request.at, site_id=found.site_id),
        "form": RebillForm(None),
        "zone": choice.clock_zone(request),
        "further": pool_rebills.standing_of(sheet=found.sheet)[1],
    }
    return render(request, "pools/rebill.html", context)


@require_POST
@access.page(permission=permissions.APPROVE_RUN, module=Module.BILLING, by_site=True)
def approve(request: access.Request, rebill: uuid.UUID) -> HttpResponse:
    """This will put a further sheet in the place of the closed one, and credit and issue the bills of its members."""
    found = _find(request, rebill, permissions.APPROVE_RUN)

    def act() -> str:
        pool_rebilling.approve_rebill(actor=request.actor, at=request.at, rebill=found.public_id)
        return _("The bills were credited and issued again; the further sheet is in force.")

    return _done(request, found, act)


@require_POST
@access.page(permission=permissions.APPROVE_RUN, module=Module.BILLING, by_site=True)
def reject(request: access.Request, rebill: uuid.UUID) -> HttpResponse:
    """This will leave the sheet and its bills as they are."""
    found = _find(request, rebill, permissions.APPROVE_RUN)
    form = RebillForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write why it is rejected; the reason is kept."))
        return redirect("rebill", request.organization.public_id, found.public_id)

    def act() -> str:
        reason = form.cleaned_data["reason"]
        pool_rebilling.reject_rebill(actor=request.actor, at=request.at, rebill=found.public_id, reason=reason)
        return _("It was rejected; the sheet and its bills stay as they are.")

    return _done(request, found, act)


def _done(request: access.Request, found: pool_rebills.RebillRow, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except REFUSALS as error:
        messages.error(request, str(error))
    return redirect("rebill", request.organization.public_id, found.public_id)


def _find(request: access.Request, public_id: uuid.UUID, permission: str) -> pool_rebills.RebillRow:
    try:
        found = pool_rebills.get_rebill(public_id=public_id)
    except pool_rebills.RebillNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found.site_id):
        raise Http404(_("There is no such proposal."))
    return found


def _show(request: access.Request, sheet: uuid.UUID, form: RebillForm) -> HttpResponse:
    row, pool, _content = finding.find_sheet(request, sheet, permissions.VIEW_BILL)
    try:
        ways, nothing = pool_swapping.look(sheet=row.public_id, at=request.at), ""
    except pool_swapping.NothingToRebill as error:
        ways, nothing = None, str(error)
    context = {
        "row": row,
        "pool": pool,
        "days": shared_words.days(row.first_day, row.until_day),
        "form": form,
        "nothing": nothing,
        "is_possible": ways is not None and ways.is_possible,
        "trouble": "" if ways is None else ways.trouble,
        "difference": "" if ways is None else _money(ways.difference, row.currency),
        "can_carry": ways is not None and ways.can_carry,
        "leavers": ways.leavers if ways else (),
        "carried": [(each, _money(amount, row.currency)) for each, amount in (ways.carried if ways else ())],
        "members": [
            (
                each,
                _money(each.before, row.currency),
                _money(each.now, row.currency),
                "" if each.now is None or each.before is None else _money(each.now - each.before, row.currency),
            )
            for each in (ways.members if ways else ())
        ],
        "rebills": [(each, STATES[each.state]) for each in pool_rebills.rebills_of(sheet=row.public_id)],
        "may_manage": request.access.allows(permissions.MANAGE_POOL, pool.site_id),
    }
    return render(request, "pools/late.html", context, status=422 if form.errors else 200)


def _money(value: Decimal | str | None, currency: str) -> str:
    return "–" if value is None else bill_words.amount(str(value), currency)
