"""The order in which methods of estimating are tried: of the organization, and of sites that want another."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.degrees import DEFAULT_BASE, Follows
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.estimating.limits import LONGEST, MOST_MONTHS, WHOLE, Limits
from meterbook.sites import queries as site_queries
from meterbook.web import access, amounts, typed
from meterbook.web import estimate_words as words
from meterbook.web.sites import choice

OFFERED = tuple(Method)
TENTHS = Decimal("0.1")


class OrderForm(typed.Form):
    """A method for each place; a method without a place is off. Then what last year's use follows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((each.value, words.METHODS[each]) for each in OFFERED)]
        for place in range(1, len(OFFERED) + 1):
            self.fields[f"place_{place}"] = forms.ChoiceField(choices=choices, required=False, label=f"{place}.")
        self.fields["follows"] = forms.ChoiceField(
            choices=[(each.value, words.FOLLOWS[each]) for each in Follows],
            required=False,
            label=gettext_lazy("Last year's use follows"),
            help_text=gettext_lazy("By degree days, where the temperature of each day is known; else by the trend."),
        )
        self.fields["base"] = amounts.NumberField(
            places=1,
            least=Decimal(metering_operations.BASES[0]) * TENTHS,
            most=Decimal(metering_operations.BASES[1]) * TENTHS,
            required=False,
            label=gettext_lazy("Counted from (°C)"),
            help_text=gettext_lazy("Below it people heat, or above it they cool."),
        )
        self.fields["most_months"] = forms.IntegerField(
            min_value=0,
            max_value=LONGEST,
            required=False,
            label=gettext_lazy("Months in a row, after which the meter is read"),
            help_text=gettext_lazy("One more makes a job for the technician. Empty: 2."),
        )
        self.fields["percent"] = forms.IntegerField(
            min_value=1,
            max_value=WHOLE,
            required=False,
            label=gettext_lazy("Of what a method says, taken at most (%)"),
            help_text=gettext_lazy("Some rules allow 75 % only; a person's own number is taken as it is. Empty: all."),
        )
        self.fields["only_defective"] = forms.BooleanField(
            required=False,
            label=gettext_lazy("Estimate defective meters only"),
            help_text=gettext_lazy("Of others what lacks waits for a reading."),
        )

    def clean(self) -> dict[str, Any]:
        """This will refuse an order without a method, or with one twice."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        seen: set[str] = set()
        placed = {name: value for name, value in given.items() if name.startswith("place_")}
        for name, value in placed.items():
            if value and value in seen:
                self.add_error(name, _("This method stands further up already."))
            seen.add(value)
        if not any(placed.values()) and not any(name in self.errors for name in placed):
            self.add_error("place_1", _("Choose at least one method."))
        return given

    def limits(self) -> Limits:
        """This will return what rules allow."""
        given = self.cleaned_data
        return Limits(
            most_months=MOST_MONTHS if given["most_months"] is None else given["most_months"],
            percent=given["percent"] or WHOLE,
            only_defective=given["only_defective"],
        )

    def methods(self) -> list[Method]:
        """This will return the chosen methods in order."""
        return [Method(each) for name, each in self.cleaned_data.items() if name.startswith("place_") and each]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def order(request: access.Request) -> HttpResponse:
    """This will show the order of the organization, or of the site that was chosen, and keep what is sent back."""
    site = choice.chosen_site(request)
    site_id = None if site is None else site.id
    if not may_set(request, site):
        raise PermissionDenied
    now = metering_queries.estimating_policy(site_id=site_id)
    initial: dict[str, Any] = {f"place_{place}": each.value for place, each in enumerate(now.methods, start=1)}
    initial |= {"follows": now.follows.value, "base": amounts.written(now.base_tenths * TENTHS), **now.limits.plain()}
    form = OrderForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        metering_operations.set_estimating_order(
            actor=request.actor,
            at=request.at,
            site_id=site_id,
            methods=form.methods(),
            follows=Follows(form.cleaned_data["follows"]),
            base_tenths=DEFAULT_BASE if form.cleaned_data["base"] is None else int(form.cleaned_data["base"] / TENTHS),
            limits=form.limits(),
        )
        messages.success(request, _("The order was saved; it holds for gaps that are filled from now on."))
        return redirect("estimating_order", request.organization.public_id)
    context = {
        "form": form,
        "site": site,
        "now": now,
        "zone": UTC if site is None else site.zone,
        "places": [each for each in form if each.name.startswith("place_")],
        "others": [each for each in form if not each.name.startswith("place_")],
        "quality_href": reverse("quality", args=[request.organization.public_id]),
    }
    return render(request, "filling/order.html", context, status=422 if form.errors else 200)


def may_set(request: access.Request, site: site_queries.SiteRow | None) -> bool:
    """This will tell whether the user may set what holds for a site, or (None) for all of them."""
    if site is None:
        return request.access.sites(permissions.MANAGE_METER) is None
    return request.access.allows(permissions.MANAGE_METER, site.id)
