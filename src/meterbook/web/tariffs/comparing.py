"""Two versions of a tariff side by side: what changes, and what the same month costs by both."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.kernel import currency as currencies
from meterbook.tariffs import permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.tariffs import changes, picture, views
from meterbook.web.tariffs.editor import preview


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def compare(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will compare `?old=3&new=4`; else the newest version with the one in force, or the one before it."""
    row = views.find(tariff, on=request.at.date())
    versions = tariff_queries.list_versions(tariff_id=row.id)
    new = _asked(request, "new", versions) or versions[0]
    usual = next((each for each in versions if each.number < new.number), new)
    old = _asked(request, "old", versions) or usual
    before, after = old.document, new.document
    today = request.at.date()
    form = preview.form_of(request.GET, after, today=today)
    months = [preview.rated(each, form, today=today) for each in (before, after)]
    places = currencies.minor_units(row.currency)
    difference = months[1].total - months[0].total if months[0] is not None and months[1] is not None else None
    context = {
        "tariff": row,
        "name": views.said(row.names, views.language()),
        "versions": versions,
        "old": old,
        "new": new,
        "comparison": changes.compare(before, after, views.language()),
        "example_form": form,
        "totals": [
            (version, picture.money(each.total, places))
            for version, each in zip((old, new), months, strict=True)
            if each is not None
        ],
        "difference": picture.signed(difference, places) if difference is not None else "",
        "back": reverse("tariff", args=[request.organization.public_id, row.public_id]),
        "list_href": reverse("tariffs", args=[request.organization.public_id]),
    }
    return render(request, "tariffs/compare.html", context)


def _asked(
    request: access.Request, key: str, versions: Sequence[tariff_queries.VersionRow]
) -> tariff_queries.VersionRow | None:
    """The version of the address, None when there is no such."""
    return next((each for each in versions if str(each.number) == request.GET.get(key, "")), None)
