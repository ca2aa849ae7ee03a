"""Settings > Backups: when and where they are written, those that are there, and one at once."""

from __future__ import annotations

import os
from datetime import time

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity.values import Module
from meterbook.installation import operations as installation_operations
from meterbook.installation import permissions
from meterbook.installation import queries as installation_queries
from meterbook.installation import values as installation_values
from meterbook.kernel import clock
from meterbook.web import access, typed
from meterbook.web.settings import operator
from meterbook.web.sites import choice

ROUTE = "backups"
FEWEST, MOST = installation_values.FEWEST_KEPT, installation_values.MOST_KEPT


class PlanForm(typed.Form):
    """When and where."""

    time_of_day = forms.TimeField(
        label=gettext_lazy("Every day at"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    keep = forms.IntegerField(
        label=gettext_lazy("How many are kept"),
        min_value=FEWEST,
        max_value=MOST,
        help_text=gettext_lazy("When there are more, the oldest is removed."),
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder on the server"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Best on another disk. Empty: the folder “backups” of the data folder."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def backups(request: access.Request) -> HttpResponse:
    """This will show the backups, and keep a plan that is sent."""
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    now, may_change = clock.real_now(), operator.is_operator(request)
    state = installation_queries.backup_state(os.environ, real_at=now)
    form = _form(request, state.plan)
    if form.is_bound and form.is_valid() and _keep(request, form):
        messages.success(request, _("The plan was kept."))
        return redirect(ROUTE, request.organization.public_id)
    context = {
        "form": form,
        "state": state,
        "rows": [(each, formats.number_format(each.size / 1_000_000, 1)) for each in state.kept] if may_change else [],
        "is_late": installation_queries.is_backup_late(state, real_at=now),
        "may_change": may_change,
        "zone": choice.clock_zone(request),
        "now": now,
    }
    return render(request, "settings/backups.html", context, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.CONFIGURE_INSTALLATION, module=Module.CORE)
def back_up_now(request: access.Request) -> HttpResponse:
    """This will have a backup written at once."""
    refused = operator.refusal(request, ROUTE)
    if refused is not None:
        return refused
    installation_operations.ask_for_backup(actor=request.actor, at=request.at)
    messages.success(request, _("A backup is being written. It appears in the list when it is complete."))
    return redirect(ROUTE, request.organization.public_id)


def _form(request: access.Request, plan: installation_values.Plan) -> PlanForm:
    initial = {"time_of_day": plan.time_of_day.strftime("%H:%M"), "keep": plan.keep, "folder": plan.folder}
    return PlanForm(request.POST if request.method == "POST" else None, initial=initial)


def _keep(request: access.Request, form: PlanForm) -> bool:
    given = form.cleaned_data
    of_day: time = given["time_of_day"]
    plan = installation_values.Plan(
        given["folder"], of_day.replace(second=0), choice.clock_zone(request).key, given["keep"]
    )
    try:
        installation_operations.set_backup_plan(actor=request.actor, at=request.at, plan=plan)
    except installation_operations.FolderRefused as error:
        form.add_error("folder", str(error))
        return False
    return True
