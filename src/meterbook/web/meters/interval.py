"""How long the intervals of a meter point are (M-021)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.web import access, typed
from meterbook.web.meters import finding


class IntervalForm(typed.Form):
    """One of the lengths that fit the clocks of the place."""

    def __init__(self, *args: Any, zone: ZoneInfo, at: datetime, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        self.fields["minutes"] = forms.TypedChoiceField(
            choices=[
                (each, ngettext("%(count)s minute", "%(count)s minutes", each) % {"count": each})
                for each in metering_operations.steps_in(zone, at)
            ],
            coerce=int,
            label=gettext_lazy("An interval has"),
            help_text=gettext_lazy("Where readings come less often, what lies between two is marked as interpolated."),
        )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def interval(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show the length of a meter's intervals and keep another."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    main = detail.main_series
    given = request.POST if request.method == "POST" else None
    form = IntervalForm(given, zone=detail.zone, at=request.at, initial={"minutes": main.step if main else None})
    if form.is_bound and form.is_valid():
        metering_operations.set_step(
            actor=request.actor, at=request.at, meter_point=detail.public_id, minutes=form.cleaned_data["minutes"]
        )
        messages.success(request, _("“%(name)s” was saved.") % {"name": detail.name})
        return redirect("meter", request.organization.public_id, detail.public_id)
    return render(request, "meters/interval.html", {"detail": detail, "form": form}, status=422 if form.errors else 200)
