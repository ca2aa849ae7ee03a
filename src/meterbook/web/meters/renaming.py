"""Give a meter point another name and code."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.web import access, typed
from meterbook.web.meters import finding


class NameForm(typed.Form):
    """What the meter point is called, and its code."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("What the meter measures: a shop, a flat, a machine."),
    )
    code = typed.CodeField(
        label=gettext_lazy("Code of the meter point"),
        max_length=40,
        help_text=gettext_lazy("Short and unique, such as MP-101. Bills that are issued keep the one they have."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def rename(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show name and code, and keep what is sent back."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    initial = {"name": detail.name, "code": detail.code}
    form = NameForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            metering_operations.rename_point(
                actor=request.actor,
                at=request.at,
                meter_point=detail.public_id,
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
            )
        except metering_operations.CodeTaken as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("“%(name)s” was saved.") % {"name": form.cleaned_data["name"]})
            return redirect("meter", request.organization.public_id, detail.public_id)
    context = {"detail": detail, "form": form}
    return render(request, "meters/rename.html", context, status=422 if form.errors else 200)
