"""What the organization sets about corrections and disputes: how far back, how fast, how many."""

from __future__ import annotations

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.billing import correction_values as values
from meterbook.billing.operations import correction_rules
from meterbook.billing.queries import corrections as correction_queries
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.web import access, typed


class RulesForm(typed.Form):
    """The rules in whole numbers."""

    back_billing_months = django_forms.IntegerField(
        label=gettext_lazy("Months in which more may be asked for"),
        required=False,
        min_value=1,
        max_value=values.MOST_LIMIT,
        help_text=gettext_lazy(
            "After the end of a bill's days; empty: no limit. What was too much is always paid back."
        ),
    )
    acknowledge_days = django_forms.IntegerField(
        label=gettext_lazy("Working days until a dispute is answered first"), min_value=1, max_value=values.MOST_DAYS
    )
    decide_days = django_forms.IntegerField(
        label=gettext_lazy("Working days until a dispute is decided"), min_value=1, max_value=values.MOST_DAYS
    )
    most_open = django_forms.IntegerField(
        label=gettext_lazy("Open disputes of an account whose amounts are not asked for"),
        min_value=0,
        max_value=values.MOST_AT_A_TIME,
        help_text=gettext_lazy("Against abuse: further ones are looked into as well, but stay due."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_ORGANIZATION, module=Module.BILLING)
def change(request: access.Request) -> HttpResponse:
    """This will show the rules, and change them."""
    now = correction_queries.correction_rules()
    data = request.POST if request.method == "POST" else None
    form = RulesForm(data, initial=vars(now))
    if data is not None and form.is_valid():
        given = correction_queries.Rules(**form.cleaned_data)
        correction_rules.change_rules(actor=request.actor, at=request.at, rules=given)
        messages.success(request, _("Saved. The rules hold for what is proposed or opened from now on."))
        return redirect("correction_rules", request.organization.public_id)
    return render(request, "corrections/rules.html", {"form": form}, status=200 if data is None else 422)
