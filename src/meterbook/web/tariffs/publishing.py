"""Put the draft of a tariff in force from a day on; asked twice where bills have days from then on."""

from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.identity.values import Module
from meterbook.journeys import changed_inputs
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.tariffs import views


@require_POST
@access.page(permission=permissions.PUBLISH_TARIFF, module=Module.BILLING)
def publish(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will put the draft in force from the day given, once it is sure where bills have days from then on."""
    row = views.find(tariff, on=request.at.date())
    form = views.PublishForm(request.POST)
    if not form.is_valid():
        return views.card(request, row, form=form)
    first_day = form.cleaned_data["first_day"]
    if not request.POST.get("sure") and (asked := _ask(request, row, first_day)):
        return asked
    try:
        version = tariff_operations.publish_version(
            actor=request.actor, at=request.at, tariff=row.public_id, first_day=first_day
        )
    except (
        tariff_operations.NoDraft,
        tariff_operations.SecondPersonNeeded,
        tariff_operations.VersionsOverlap,
    ) as error:
        messages.error(request, str(error))
    else:
        facts = {"number": version.number, "day": _day(first_day)}
        messages.success(request, _("Version %(number)s is in force from %(day)s.") % facts)
        if billed := changed_inputs.of_version(tariff_id=version.tariff_id, first_day=first_day):
            messages.warning(request, billed)
    return redirect("tariff", request.organization.public_id, row.public_id)


def _ask(request: access.Request, row: tariff_queries.TariffRow, first_day: date) -> HttpResponse | None:
    """The page that says which bills have days from then on; None where there are none, or it is refused anyway."""
    starts = [each.first_day for each in tariff_queries.list_versions(tariff_id=row.id) if each.first_day]
    if row.draft is None or views.publishers(request, row) or any(each >= first_day for each in starts):
        return None
    billed = changed_inputs.of_version(tariff_id=row.id, first_day=first_day)
    if not billed:
        return None
    context = {
        "tariff": row,
        "name": views.said(row.names, views.language()),
        "number": row.draft.number,
        "day": _day(first_day),
        "first_day": first_day.isoformat(),
        "billed": billed,
        "list_href": reverse("tariffs", args=[request.organization.public_id]),
        "back": reverse("tariff", args=[request.organization.public_id, row.public_id]),
    }
    return render(request, "tariffs/publish.html", context)


def _day(day: date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")
