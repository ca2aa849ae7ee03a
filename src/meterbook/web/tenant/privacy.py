"""How finely the landlord sees what tenants use: a setting of each site."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.customers import granularity
from meterbook.customers.values import GRANULARITY_CAPTIONS, PLACE_CLASS_CAPTIONS, Granularity, PlaceClass
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.web import access, typed

CHOICES = [(each.value, caption) for each, caption in GRANULARITY_CAPTIONS.items()]


class PrivacyForm(typed.Form):
    """What the landlord sees without a consent."""

    dwellings = forms.ChoiceField(label=PLACE_CLASS_CAPTIONS[PlaceClass.DWELLING], choices=CHOICES)
    commercial = forms.ChoiceField(label=PLACE_CLASS_CAPTIONS[PlaceClass.COMMERCIAL], choices=CHOICES)


@require_GET
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
def privacy(request: access.Request) -> HttpResponse:
    """This will show what holds at each site."""
    return _shown(request)


@require_POST
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
def change(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will set what holds at one site."""
    form = PrivacyForm(request.POST, prefix=str(site))
    if not form.is_valid():
        return _shown(request, site=site, form=form)
    try:
        granularity.set_privacy(
            actor=request.actor,
            at=request.at,
            site=site,
            dwellings=Granularity(form.cleaned_data["dwellings"]),
            commercial=Granularity(form.cleaned_data["commercial"]),
        )
    except granularity.SiteNotThere as error:
        raise Http404(str(error)) from error
    messages.success(request, _("Saved."))
    return redirect("privacy", request.organization.public_id)


def _shown(request: access.Request, *, site: uuid.UUID | None = None, form: PrivacyForm | None = None) -> HttpResponse:
    rows = granularity.list_privacy()
    if site is not None and all(each.site_public_id != site for each in rows):
        raise Http404(_("There is no such site."))
    lines = [
        (
            each,
            form
            if form is not None and each.site_public_id == site
            else PrivacyForm(
                initial={"dwellings": each.dwellings.value, "commercial": each.commercial.value},
                prefix=str(each.site_public_id),
            ),
        )
        for each in rows
    ]
    return render(request, "tenant/privacy.html", {"lines": lines}, status=422 if form is not None else 200)
