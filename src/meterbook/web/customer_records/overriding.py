"""Other tariffs than the default: what waits for a second person, what was decided, and deciding (M-057)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.customers import overrides, permissions, values
from meterbook.customers import overriding as customer_overriding
from meterbook.identity.values import Module
from meterbook.journeys import deciding_overrides
from meterbook.web import access, once, parameters, tables, typed
from meterbook.web.customer_records import words

REFUSALS = (overrides.OverrideGone, overrides.OverrideIsOwn)


class RefusalForm(typed.Form):
    """Why another tariff than the default does not come to hold."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is refused"),
        max_length=values.REASON_LENGTH,
        help_text=gettext_lazy("Who asked for it reads this."),
    )


@dataclass(frozen=True)
class Line:
    """An override with what the reader may do about it; `holds_from` is later than asked for where bills reach."""

    row: overrides.OverrideRow
    tariff: str
    default: str
    caption: str
    holds_from: datetime
    is_waiting: bool
    may_approve: bool
    may_refuse: bool
    may_take_back: bool
    form: RefusalForm | None

    @property
    def is_put_off(self) -> bool:
        """Whether bills have taken a part of the time that was asked for."""
        return self.holds_from > self.row.starts_at


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def list_all(request: access.Request) -> HttpResponse:
    """This will show what waits, then what was decided, the latest first; `?page=2` turns the page."""
    return _page(request)


def _page(request: access.Request, wrong: tuple[uuid.UUID, RefusalForm] | None = None) -> HttpResponse:
    found = overrides.list_overrides(sites=request.access.sites(permissions.VIEW_CUSTOMER))
    number = min(parameters.page_number(request), max(1, -(-len(found) // tables.PAGE)))
    context = {
        "lines": lines(request, found[(number - 1) * tables.PAGE : number * tables.PAGE], wrong),
        "pages": tables.pages({}, number, len(found)),
    }
    return render(request, "customer_records/overrides.html", context, status=200 if wrong is None else 422)


@require_POST
@access.page(permission=permissions.APPROVE_OVERRIDE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def approve(request: access.Request, override: uuid.UUID) -> HttpResponse:
    """This will let the tariff hold."""
    found = _find(request, override, permissions.APPROVE_OVERRIDE)

    def act() -> str:
        deciding_overrides.approve(actor=request.actor, at=request.at, override=found.public_id)
        return _("Approved; the tariff holds.")

    return _done(request, act)


@require_POST
@access.page(permission=permissions.APPROVE_OVERRIDE, module=Module.BILLING, by_site=True)
@once.carried_out_once
def refuse(request: access.Request, override: uuid.UUID) -> HttpResponse:
    """This will leave the contract as it is, and tell who asked why."""
    found = _find(request, override, permissions.APPROVE_OVERRIDE)
    form = RefusalForm(request.POST, prefix=_prefix(found))
    if not form.is_valid():
        return _page(request, (found.public_id, form))

    def act() -> str:
        reason = form.cleaned_data["reason"]
        overrides.refuse(actor=request.actor, at=request.at, override=found.public_id, reason=reason)
        return _("Refused; the contract stays as it is.")

    return _done(request, act)


@require_POST
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def take_back(request: access.Request, override: uuid.UUID) -> HttpResponse:
    """This will take back what the reader asked for."""
    found = _find(request, override, permissions.MANAGE_CUSTOMER)
    if not _is_own(request, found):
        messages.error(request, _("Somebody else asked for this tariff; who may approve it can refuse it."))
        return redirect("tariff_overrides", request.organization.public_id)

    def act() -> str:
        overrides.take_back(actor=request.actor, at=request.at, override=found.public_id)
        return _("Taken back; the contract stays as it is.")

    return _done(request, act)


def lines(
    request: access.Request,
    found: Iterable[overrides.OverrideRow],
    wrong: tuple[uuid.UUID, RefusalForm] | None = None,
) -> list[Line]:
    """This will return overrides with what the reader may do about each.

    :param wrong: which one could not be refused, and the form that says why
    """
    listed = list(found)
    names = words.tariff_names({code for each in listed for code in (each.tariff_code, each.default_code)})
    refused = {} if wrong is None else {wrong[0]: wrong[1]}
    return [_line(request, each, names, refused.get(each.public_id)) for each in listed]


def _line(
    request: access.Request, row: overrides.OverrideRow, names: dict[str, str], refused: RefusalForm | None
) -> Line:
    is_waiting, is_own = row.state is values.OverrideState.WAITING, _is_own(request, row)
    may_decide = is_waiting and request.access.allows(permissions.APPROVE_OVERRIDE, row.site_id)
    is_barred = is_own and customer_overriding.needs_another(actor=request.actor, at=request.at, site_id=row.site_id)
    may_manage = request.access.allows(permissions.MANAGE_CUSTOMER, row.site_id)
    return Line(
        row=row,
        tariff=names.get(row.tariff_code, row.tariff_code),
        default=names.get(row.default_code, row.default_code),
        caption=str(values.OVERRIDE_STATE_CAPTIONS[row.state]),
        holds_from=deciding_overrides.holds_from(row) if is_waiting else row.starts_at,
        is_waiting=is_waiting,
        may_approve=may_decide and not is_barred,
        may_refuse=may_decide and not is_own,
        may_take_back=is_waiting and is_own and may_manage,
        form=(refused or RefusalForm(prefix=_prefix(row))) if may_decide and not is_own else None,
    )


def _prefix(row: overrides.OverrideRow) -> str:
    """Several may wait on a page, and the ids of inputs are there once."""
    return f"o{row.public_id.hex}"


def _done(request: access.Request, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except REFUSALS as error:
        messages.error(request, str(error))
    return redirect("tariff_overrides", request.organization.public_id)


def _find(request: access.Request, override: uuid.UUID, permission: str) -> overrides.OverrideRow:
    try:
        found = overrides.get_override(public_id=override)
    except overrides.OverrideNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found.site_id):
        raise Http404(_("There is no such override of a default tariff."))
    return found


def _is_own(request: access.Request, row: overrides.OverrideRow) -> bool:
    return row.author_id is not None and row.author_id == request.actor.id
