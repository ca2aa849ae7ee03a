"""Records that are probably of one customer, and making one of two."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.customers import duplicates as likely
from meterbook.customers import likeness, lookups, merging, permissions, records, values
from meterbook.identity.values import Module
from meterbook.web import access, parameters, tables, typed
from meterbook.web.customer_records import record

guard = access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING)
WHY = {
    likeness.Why.TAX_NUMBER: gettext_lazy("same tax number"),
    likeness.Why.EMAIL: gettext_lazy("same e-mail address"),
    likeness.Why.NAME: gettext_lazy("nearly the same name"),
}
CAPTIONS: dict[str, Promise] = {
    "name": gettext_lazy("Name"),
    "legal_name": gettext_lazy("Legal name"),
    "tax_number": gettext_lazy("ID or tax number"),
    "email": gettext_lazy("E-mail"),
    "emails": gettext_lazy("Further e-mails"),
    "phones": gettext_lazy("Phones"),
    "messaging": gettext_lazy("Messaging"),
    "address": gettext_lazy("Postal address"),
    "language": gettext_lazy("Language of the bills"),
    "occupants": gettext_lazy("Occupants"),
}


@dataclass(frozen=True)
class Compared:
    """A fact in both records, and what is kept."""

    caption: Promise
    kept: str
    gone: str
    after: str


class ConfirmForm(typed.Form):
    """That the two are one customer."""

    is_sure = django_forms.BooleanField(
        label=gettext_lazy("They are one customer. This cannot be taken back."),
        error_messages={"required": gettext_lazy("Tick this first: a merge cannot be taken back.")},
    )


@require_GET
@guard
def duplicates(request: access.Request) -> HttpResponse:
    """This will show the pairs that are probably one customer: `?page=2`."""
    found = likely.likely_duplicates()
    number = parameters.page_number(request)
    organization = request.organization.public_id
    shown = found[(number - 1) * tables.PAGE : number * tables.PAGE]
    context = {
        "pairs": [
            (
                each,
                WHY[each.why],
                reverse("customer_merge", args=[organization, each.first.public_id, each.second.public_id]),
            )
            for each in shown
        ],
        "pages": tables.pages({}, number, len(found)),
        "list_href": reverse("customers", args=[organization]),
    }
    return render(request, "customer_records/duplicates.html", context)


@require_http_methods(["GET", "POST"])
@guard
def merge(request: access.Request, customer: uuid.UUID, other: uuid.UUID) -> HttpResponse:
    """This will show what a merge of `other` into `customer` keeps, and carry it out when that was confirmed."""
    kept, gone = record.find(customer), record.find(other)
    if kept.id == gone.id:
        raise Http404(_("Take two different records."))
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            merging.merge_customers(actor=request.actor, at=request.at, survivor=customer, merged=other)
        except records.CustomerClosed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("One record now. Both accounts keep their numbers, bills and entries."))
            return redirect("customer", request.organization.public_id, customer)
    organization = request.organization.public_id
    context = {
        "form": form,
        "kept": kept,
        "gone": gone,
        "rows": _compared(kept, gone),
        "swap_href": reverse("customer_merge", args=[organization, other, customer]),
        "list_href": reverse("duplicates", args=[organization]),
        "is_closed": {kept.state, gone.state} != {values.CustomerState.ACTIVE},
    }
    return render(request, "customer_records/merge.html", context, status=422 if form.errors else 200)


def _compared(kept: lookups.CustomerDetail, gone: lookups.CustomerDetail) -> list[Compared]:
    mine, theirs = kept.facts.plain(), gone.facts.plain()
    after = {**mine}
    for name in merging.FILLED:
        if after[name] in ("", None):
            after[name] = theirs[name]
    for name in merging.LISTED:
        after[name] = list(dict.fromkeys([*_list(mine[name]), *_list(theirs[name])]))
    return [
        Compared(caption, _text(mine[key]), _text(theirs[key]), _text(after[key]))
        for key, caption in CAPTIONS.items()
        if _text(mine[key]) or _text(theirs[key])
    ]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
