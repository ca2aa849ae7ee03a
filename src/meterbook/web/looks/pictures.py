"""Settings > Templates of bills > Pictures: those of sites and of tenants' companies, where templates ask for them."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.customers import picturing
from meterbook.documents import logos, permissions, uploads
from meterbook.documents.values import LogoOwner
from meterbook.identity.values import Module
from meterbook.web import access, typed
from meterbook.web.sites import choice

PICTURE = gettext_lazy("PNG or JPEG, best on a transparent or white ground. It is printed 10 mm high.")


@dataclass(frozen=True)
class Line:
    """A picture as the page shows it."""

    owner: str
    owner_id: str
    name: str
    source: str


class SitePictureForm(typed.Form):
    """A picture of a site."""

    site = forms.ChoiceField(label=gettext_lazy("Site"))
    picture = forms.FileField(label=gettext_lazy("Picture"), allow_empty_file=True, help_text=PICTURE)


class CustomerPictureForm(typed.Form):
    """A picture of a customer's company."""

    customer = typed.CodeField(
        label=gettext_lazy("Customer’s code"), max_length=40, help_text=gettext_lazy("As in the list of customers.")
    )
    company_picture = forms.FileField(label=gettext_lazy("Picture"), allow_empty_file=True, help_text=PICTURE)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_LETTERHEAD, module=Module.BILLING)
def pictures(request: access.Request) -> HttpResponse:
    """This will show the pictures, take one for a site (`act` "site") or customer, or remove one."""
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act == "remove":
        return _remove(request)
    sites = [(str(each.public_id), each.name) for each in choice.visible_sites(request)]
    of_site = SitePictureForm(request.POST if act == "site" else None, request.FILES if act == "site" else None)
    of_site.fields["site"].choices = sites  # type: ignore[attr-defined]
    of_customer = CustomerPictureForm(
        request.POST if act == "customer" else None, request.FILES if act == "customer" else None
    )
    if (act == "site" and _take_site(request, of_site)) or (act == "customer" and _take_customer(request, of_customer)):
        messages.success(request, _("The picture stands on bills whose template asks for it, from now on."))
        return redirect("bill_pictures", request.organization.public_id)
    context = {
        "site_form": of_site,
        "customer_form": of_customer,
        "lines": [*_of_sites(dict(sites)), *_of_customers()],
        "has_sites": bool(sites),
    }
    is_wrong = of_site.errors or of_customer.errors
    return render(request, "looks/pictures.html", context, status=422 if is_wrong else 200)


def _take_site(request: access.Request, form: SitePictureForm) -> bool:
    if not form.is_valid():
        return False
    return _take(request, form, "picture", LogoOwner.SITE, uuid.UUID(form.cleaned_data["site"]))


def _take_customer(request: access.Request, form: CustomerPictureForm) -> bool:
    if not form.is_valid():
        return False
    known = picturing.find_by_code(code=form.cleaned_data["customer"])
    if known is None:
        form.add_error("customer", _("There is no customer with this code."))
        return False
    return _take(request, form, "company_picture", LogoOwner.CUSTOMER, known.public_id)


def _take(request: access.Request, form: typed.Form, field: str, owner: LogoOwner, owner_id: uuid.UUID) -> bool:
    content = form.cleaned_data[field].read(logos.MOST_BYTES + 1)
    try:
        logos.set_own_logo(actor=request.actor, at=request.at, owner=owner, owner_id=owner_id, content=content)
    except uploads.UploadRefused as error:
        form.add_error(field, str(error))
        return False
    return True


def _remove(request: access.Request) -> HttpResponse:
    try:
        owner, owner_id = LogoOwner(request.POST.get("owner", "")), uuid.UUID(request.POST.get("owner_id", ""))
    except ValueError as error:
        raise Http404(_("There is no such picture.")) from error
    logos.remove_own_logo(actor=request.actor, at=request.at, owner=owner, owner_id=owner_id)
    messages.success(request, _("The picture was removed; bills already issued keep it."))
    return redirect("bill_pictures", request.organization.public_id)


def _of_sites(names: dict[str, str]) -> list[Line]:
    found = logos.own_logos(owner=LogoOwner.SITE)
    return [
        Line(LogoOwner.SITE, str(owner_id), names[str(owner_id)], _source(digest))
        for owner_id, digest in found.items()
        if str(owner_id) in names
    ]


def _of_customers() -> list[Line]:
    found = logos.own_logos(owner=LogoOwner.CUSTOMER)
    known = picturing.named(public_ids=found)
    return [
        Line(LogoOwner.CUSTOMER, str(each.public_id), f"{each.code}, {each.name}", _source(found[each.public_id]))
        for each in known
    ]


def _source(digest: str) -> str:
    picture = logos.find_content(digest=digest) or b""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
