"""What the law says about bills, as an organization and its sites set it."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.billing import legal_profiles
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.tariffs.rating.tax_points import TaxPoint
from meterbook.web import access, once, typed

CAPTIONS = {
    TaxPoint.DELIVERY: gettext_lazy("Of each day of the period"),
    TaxPoint.INVOICE: gettext_lazy("Of the date of the bill"),
}
CHOICES = [(each.value, caption) for each, caption in CAPTIONS.items()]
LABEL = gettext_lazy("Rate of a tax that changes")


class ProfileForm(typed.Form):
    """What holds where neither a tariff nor the site says otherwise."""

    tax_point = forms.ChoiceField(
        label=LABEL,
        choices=CHOICES,
        help_text=gettext_lazy(
            "By days a bill over the change has a line for each rate; by the date of the bill all of it has one rate."
        ),
    )


class SiteForm(typed.Form):
    """What holds at one site."""

    tax_point = forms.ChoiceField(
        label=LABEL,
        required=False,
        choices=[("", pgettext_lazy("legal profile", "As in the organization")), *CHOICES],
    )


@require_GET
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
def profile(request: access.Request) -> HttpResponse:
    """This will show what the organization and each of its sites say."""
    return _shown(request, None)


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
@once.carried_out_once
def change(request: access.Request) -> HttpResponse:
    """This will set what holds in the organization."""
    return _change(request, None, ProfileForm(request.POST))


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
@once.carried_out_once
def change_site(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will set what holds at one site."""
    return _change(request, site, SiteForm(request.POST, prefix=str(site)))


def _change(request: access.Request, site: uuid.UUID | None, form: ProfileForm | SiteForm) -> HttpResponse:
    if not form.is_valid():
        return _shown(request, form, site)
    chosen = form.cleaned_data["tax_point"]
    try:
        legal_profiles.change_tax_point(
            actor=request.actor, at=request.at, tax_point=TaxPoint(chosen) if chosen else None, site=site
        )
    except legal_profiles.ProfileSiteNotThere as error:
        raise Http404(str(error)) from error
    messages.success(request, _("Saved. It holds for what is calculated from now on; issued bills stay as they are."))
    return redirect("legal_profile", request.organization.public_id)


def _shown(
    request: access.Request, refused: ProfileForm | SiteForm | None, site: uuid.UUID | None = None
) -> HttpResponse:
    found, organization = legal_profiles.list_profiles(), request.organization.public_id
    if site is not None and all(each.site_public_id != site for each in found.sites):
        raise Http404(_("There is no such site."))
    lines = [
        (
            each,
            refused
            if refused is not None and each.site_public_id == site
            else SiteForm(initial={"tax_point": each.tax_point or ""}, prefix=str(each.site_public_id)),
            reverse("legal_profile_site", args=[organization, each.site_public_id]),
        )
        for each in found.sites
    ]
    form = refused if refused is not None and site is None else ProfileForm(initial={"tax_point": found.tax_point})
    context = {"form": form, "lines": lines, "usual": CAPTIONS[found.tax_point]}
    return render(request, "billing/legal_profile.html", context, status=200 if refused is None else 422)
