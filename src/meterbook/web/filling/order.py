"""The order in which methods of estimating are tried: of the organization, and of sites that want another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import APPORTIONING, Method
from meterbook.sites import queries as site_queries
from meterbook.web import access, typed
from meterbook.web import estimate_words as words
from meterbook.web.sites import choice

OFFERED = tuple(each for each in Method if each not in APPORTIONING)


class OrderForm(typed.Form):
    """A method for each place; empty places are passed over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((each.value, words.METHODS[each]) for each in OFFERED)]
        for place in range(1, len(OFFERED) + 1):
            self.fields[f"place_{place}"] = forms.ChoiceField(choices=choices, required=False, label=f"{place}.")

    def clean(self) -> dict[str, Any]:
        """This will refuse an order without a method, or with one twice."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        seen: set[str] = set()
        for name, value in list(given.items()):
            if value and value in seen:
                self.add_error(name, _("This method stands further up already."))
            seen.add(value)
        if not any(given.values()) and not self.errors:
            self.add_error("place_1", _("Choose at least one method."))
        return given

    def methods(self) -> list[Method]:
        """This will return the chosen methods in order."""
        return [Method(each) for each in self.cleaned_data.values() if each]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def order(request: access.Request) -> HttpResponse:
    """This will show the order of the organization, or of the site that was chosen, and keep what is sent back."""
    site = choice.chosen_site(request)
    site_id = None if site is None else site.id
    if not _may(request, site):
        raise PermissionDenied
    now = [each for each in metering_queries.estimating_order(site_id=site_id) if each in OFFERED]
    initial = {f"place_{place}": each.value for place, each in enumerate(now, start=1)}
    form = OrderForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        metering_operations.set_estimating_order(
            actor=request.actor, at=request.at, site_id=site_id, methods=form.methods()
        )
        messages.success(request, _("The order was saved; it holds for gaps that are filled from now on."))
        return redirect("estimating_order", request.organization.public_id)
    context = {
        "form": form,
        "site": site,
        "quality_href": reverse("quality", args=[request.organization.public_id]),
    }
    return render(request, "filling/order.html", context, status=422 if form.errors else 200)


def _may(request: access.Request, site: site_queries.SiteRow | None) -> bool:
    if site is None:
        return request.access.sites(permissions.MANAGE_METER) is None
    return request.access.allows(permissions.MANAGE_METER, site.id)
