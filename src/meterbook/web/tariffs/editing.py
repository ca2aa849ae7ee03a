"""Write a tariff: the document as JSON, checked when saved; publish its draft from a day on."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity.values import Module
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import permissions
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import Problem, TariffInvalid, of_words
from meterbook.web import access
from meterbook.web.tariffs import views

EXAMPLE: dict[str, Any] = {
    "format": "meterbook-tariff/1",
    "code": "RETAIL",
    "name": {"en": "Retail", "es": "Comercios"},
    "currency": "EUR",
    "unit": "KWH",
    "periods": [
        {"code": "peak", "name": {"en": "Peak", "es": "Punta"}},
        {"code": "off", "name": {"en": "Off-peak", "es": "Valle"}},
    ],
    "calendar": [
        {
            "windows": [
                {"from": "08:00", "to": "22:00", "period": "peak"},
                {"from": "22:00", "to": "08:00", "period": "off"},
            ]
        }
    ],
    "components": [
        {
            "code": "energy",
            "name": {"en": "Energy", "es": "Energía"},
            "charge": "ENERGY",
            "prices": {"peak": "0.2200", "off": "0.1100"},
        },
        {"code": "service", "name": {"en": "Service", "es": "Servicio"}, "charge": "FIXED_MONTHLY", "price": "6.00"},
    ],
    "taxes": [{"code": "vat", "name": {"en": "VAT", "es": "IVA"}, "rate": "0.21"}],
}


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
def new(request: access.Request) -> HttpResponse:
    """This will show a document to start from, and make a tariff of what is sent back."""
    text = request.POST.get("document", json.dumps(EXAMPLE, indent=2, ensure_ascii=False))
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            document = _parsed(text)
            made = tariff_operations.create_tariff(actor=request.actor, at=request.at, document=document)
            _warn(request, document)
            return redirect("tariff", request.organization.public_id, made.public_id)
        except TariffInvalid as error:
            problems = error.problems
        except tariff_operations.TariffCodeTaken as error:
            problems = (of_words("code", str(error)),)
    back = reverse("tariffs", args=[request.organization.public_id])
    return _form(request, text, problems, title=_("New tariff"), back=back)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
def draft(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will show the draft, or the version in force to start from, and save what is sent back."""
    row = views.find(tariff, on=request.at.date())
    start = row.draft or row.current
    raw = start.raw if start is not None else EXAMPLE
    text = request.POST.get("document", json.dumps(raw, indent=2, ensure_ascii=False))
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            document = _parsed(text)
            saved = tariff_operations.save_draft(
                actor=request.actor, at=request.at, tariff=row.public_id, document=document
            )
            _warn(request, document)
            messages.success(request, _("Draft %(number)s was saved.") % {"number": saved.number})
            href = reverse("tariff", args=[request.organization.public_id, row.public_id])
            return redirect(f"{href}?version={saved.number}")
        except TariffInvalid as error:
            problems = error.problems
    back = reverse("tariff", args=[request.organization.public_id, row.public_id])
    title = _("Draft of %(name)s") % {"name": views.said(row.names, (translation.get_language() or "en")[:2])}
    return _form(request, text, problems, title=title, back=back)


@require_POST
@access.page(permission=permissions.PUBLISH_TARIFF, module=Module.BILLING)
def publish(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will put the draft in force from the day given."""
    row = views.find(tariff, on=request.at.date())
    form = views.PublishForm(request.POST)
    if not form.is_valid():
        return views.card(request, row, form=form)
    _publish(request, row.public_id, form.cleaned_data["first_day"])
    return redirect("tariff", request.organization.public_id, row.public_id)


def _publish(request: access.Request, tariff: uuid.UUID, first_day: date) -> None:
    try:
        version = tariff_operations.publish_version(
            actor=request.actor, at=request.at, tariff=tariff, first_day=first_day
        )
    except (tariff_operations.NoDraft, tariff_operations.VersionsOverlap) as error:
        messages.error(request, str(error))
    else:
        facts = {"number": version.number, "day": first_day.isoformat()}
        messages.success(request, _("Version %(number)s is in force from %(day)s.") % facts)


def _parsed(text: str) -> dict[str, Any]:
    """The document as it is kept: read once for its problems, then as plain values."""
    reading.read_text(text)
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _warn(request: access.Request, document: dict[str, Any]) -> None:
    """What may be meant is saved, and said."""
    for each in views.cautions_of(reading.read(document), (translation.get_language() or "en")[:2]):
        messages.warning(request, each)


def _form(request: access.Request, text: str, problems: tuple[Problem, ...], *, title: str, back: str) -> HttpResponse:
    told = [(each.place, _(each.template) % each.data) for each in problems]
    context = {"text": text, "problems": told, "title": title, "back": back}
    return render(request, "tariffs/edit.html", context, status=422 if problems else 200)
