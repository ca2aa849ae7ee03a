"""What is known of a site, and the organization's own fields of places."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity.values import Module
from meterbook.journeys import change_site
from meterbook.kernel import currency as currencies
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions, values
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.sites import finding, place_forms
from meterbook.web.sites import forms as site_forms


class ChangeForm(site_forms.SiteForm):
    """A site with all that is known of it."""

    portfolio = forms.CharField(
        label=gettext_lazy("Portfolio"),
        max_length=values.NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("The group of properties that it belongs to."),
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=values.ADDRESS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    contacts = forms.CharField(
        label=gettext_lazy("Contacts"),
        max_length=values.CONTACTS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Who has the keys, whom to call."),
    )

    def __init__(self, data: object = None, *, site: site_queries.SiteRow, is_currency_locked: bool) -> None:
        initial = {
            **{key: getattr(site, key) for key in ("name", "code", "currency", "language")},
            **{key: getattr(site, key) for key in ("portfolio", "address", "contacts")},
            "time_zone": site.zone.key,
        }
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["time_zone"].help_text = _(
            "Days, hours of tariffs and bills follow it. Days that are on bill runs already stay what they were."
        )
        if is_currency_locked:
            self.fields["currency"].help_text = _("Accounts and bills of the site are in it: it stays.")

    @property
    def facts(self) -> values.SiteFacts:
        """The site as a form that is right describes it."""
        given = {**self.cleaned_data}
        for key in ("address", "contacts"):
            given[key] = given[key].replace("\r\n", "\n")
        return values.SiteFacts(**given)


@require_http_methods(["GET", "POST"])
@finding.guard
def change(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will show what is known of a site, and keep what is sent back."""
    row = finding.find_site(request, site)
    given = request.POST if request.method == "POST" else None
    form = ChangeForm(given, site=row, is_currency_locked=row.id in change_site.sites_with_accounts())
    if form.is_bound and form.is_valid() and _keep(request, site, form):
        messages.success(request, _("“%(name)s” was saved.") % {"name": form.cleaned_data["name"]})
        return redirect("site_editor", request.organization.public_id, site)
    context: dict[str, Any] = {
        "site": row,
        "form": form,
        "time_zones": site_forms.time_zones(),
        "currencies": sorted(currencies.MINOR_UNITS),
    }
    return render(request, "sites/change.html", context, status=422 if form.errors else 200)


def _keep(request: access.Request, site: uuid.UUID, form: ChangeForm) -> bool:
    try:
        change_site.change_site(actor=request.actor, at=request.at, site=site, facts=form.facts)
    except site_operations.SiteCodeTaken as error:
        form.add_error("code", str(error))
    except change_site.CurrencyLocked as error:
        form.add_error("currency", str(error))
    return not form.errors


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_SITES, module=Module.CORE)
@once.carried_out_once
def fields(request: access.Request) -> HttpResponse:
    """This will show the organization's own fields of places, and add one."""
    form = place_forms.FieldForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            site_operations.declare_field(
                actor=request.actor,
                at=request.at,
                name=form.cleaned_data["name"],
                kind=values.FieldType(form.cleaned_data["kind"]),
                choices=form.cleaned_data["choices"].splitlines(),
            )
        except site_operations.FieldTaken as error:
            form.add_error("name", str(error))
        except site_operations.TooManyFields as error:
            form.add_error("choices", str(error))
        else:
            messages.success(request, _("“%(name)s” was added to all places.") % {"name": form.cleaned_data["name"]})
            return redirect("place_fields", request.organization.public_id)
    rows = [{**asdict(each), "caption": values.FIELD_TYPE_CAPTIONS[each.type]} for each in site_queries.list_fields()]
    return render(request, "sites/fields.html", {"form": form, "rows": rows}, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.EDIT_SITES, module=Module.CORE)
def remove_field(request: access.Request) -> HttpResponse:
    """This will take a field away; its values are kept out of sight."""
    key = request.POST.get("key", "")[: values.KEY_LENGTH]
    if site_operations.remove_field(actor=request.actor, at=request.at, key=key.replace("\x00", "")):
        messages.success(request, _("The field was removed. Add it again under its name, and its values come back."))
    return redirect("place_fields", request.organization.public_id)
