"""Read a meter before it is set up, and compare what it says with its display: a part of the pages that add one."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.acquisition import networks, probing
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import orders
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.web import access, amounts
from meterbook.web.meters import adding_forms, adding_words, hearing_forms, line_forms, probing_records
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

ALSO = ("voltage_l1", "current_l1", "power", "flow", "temperature_flow")
TEMPLATE = "meters/_probe.html"


class ProbeForm(line_forms.LineForm):
    """What a test read needs of the form of a new meter: the fields have the names that they have there."""

    site = forms.CharField(max_length=40)
    model_code = forms.CharField(max_length=60)
    gateway = forms.CharField(max_length=60)
    host = forms.CharField(max_length=253, required=False)
    port = forms.IntegerField(required=False)
    unit_id = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        """This will want an address, or the number of an M-Bus meter in its place."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("secondary") and given.get("unit_id") is None and "unit_id" in self.fields:
            self.add_error("unit_id", _("Give the address that is set at the meter."))
        return given


@dataclass(frozen=True)
class Choice:
    """One byte order to choose from."""

    code: str
    digits: str
    octets: str
    number: str
    unit: str
    is_plausible: bool
    is_chosen: bool


@dataclass(frozen=True)
class Shown:
    """A test read as the page shows it. `matches` is "yes", "no" or "" while nobody has said."""

    row: probing.ProbeRow
    href: str
    number: str
    unit: str
    display: str
    caption: str
    also: tuple[str, ...]
    choices: tuple[Choice, ...]
    asked: str
    before: str
    marked: str
    behind: str
    records: tuple[probing_records.RecordLine, ...]
    who: str
    causes: tuple[str, ...]
    matches: str
    typed: str
    said: str
    is_expired: bool
    zone: ZoneInfo


@require_POST
@access.page(permission=acquisition_permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def ask(request: access.Request) -> HttpResponse:
    """This will ask for a test read and show that it is on its way; a refusal names the field at fault."""
    form = ProbeForm(request.POST)
    if not form.is_valid():
        words = _("Fill in first: %(fields)s.") % {"fields": captions(form)}
        return render(request, TEMPLATE, {"refusal": words})
    try:
        site, place = site_of(request, form.cleaned_data["site"]), place_of(form.cleaned_data)
        allowed = networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
        probe = acquisition_operations.request_probe(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            site=site,
            model_code=form.cleaned_data["model_code"],
            place=place,
            allowed=allowed,
        )
    except (acquisition_operations.ProbeRefused, networks.NetworksMisspelled) as error:
        return render(request, TEMPLATE, {"refusal": str(error)})
    return render(request, TEMPLATE, {"probe": shown(request, probe, QueryDict())})


@require_GET
@access.page(permission=acquisition_permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def state(request: access.Request, probe: uuid.UUID) -> HttpResponse:
    """This will show how far a test read is; with `shown`, the display's number, it finds the order of the bytes."""
    return render(request, TEMPLATE, {"probe": shown(request, probe, request.GET)})


def of_form(request: access.Request, given: QueryDict) -> Shown | None:
    """This will return the test read that a form brings along, so that it stays when the form comes back."""
    try:
        return shown(request, uuid.UUID(given.get("probe", "")), given)
    except (ValueError, Http404):
        return None


def shown(request: access.Request, public_id: uuid.UUID, given: QueryDict) -> Shown:
    """This will return a test read as what was chosen and typed beside it shows it.

    :raises Http404: when it is none of the organization, or of a site where the person may not manage devices
    """
    try:
        row = probing.get_probe(public_id=public_id, real_at=clock.real_now())
    except probing.ProbeNotFound as error:
        raise Http404(_("There is no such test read.")) from error
    if not request.access.allows(acquisition_permissions.MANAGE_DEVICE, row.site_id):
        raise Http404(_("There is no such test read."))
    order, matches, said = _decide(row, given, is_typing=request.headers.get("HX-Trigger-Name") == "shown")
    found, frame = row.reading(order), row.main_frame()
    main = row.main
    language = (translation.get_language() or "en")[:2]
    return Shown(
        row=row,
        href=reverse("meter_probe_state", args=[request.organization.public_id, row.public_id]),
        number=adding_words.number(found.number, main.decimals) if found is not None else "",
        unit=main.unit.symbol,
        display=f"{found.number:.{main.decimals}f}" if found is not None and found.is_plausible else "– – – –",
        caption=main.caption.get(language, main.caption["en"]),
        also=_also(row, order),
        choices=_choices(row, order),
        asked=_hex(frame.asked) if frame is not None else "",
        before=_hex(frame.before) if frame is not None else "",
        marked=_hex(frame.marked) if frame is not None else "",
        behind=_hex(frame.behind) if frame is not None else "",
        records=probing_records.lines(row),
        who=probing_records.who(row),
        causes=adding_words.causes(row.problem, row.exception, protocol=row.protocol),
        matches=matches,
        typed=given.get("shown", "")[: amounts.LONGEST],
        said=said,
        is_expired=row.status is acquisition_values.RequestStatus.EXPIRED,
        zone=next((each.zone for each in choice.all_sites(request) if each.id == row.site_id), ZoneInfo("UTC")),
    )


def _decide(row: probing.ProbeRow, given: QueryDict, *, is_typing: bool) -> tuple[orders.ByteOrder, str, str]:
    """Which order is shown, whether it matches, and what is said of what was typed."""
    order = next((each for each in orders.ByteOrder if each.value == given.get("byte_order")), row.proposed)
    matches = given.get("verdict", "") if given.get("verdict") in {"yes", "no"} else ""
    typed = given.get("shown", "").strip()
    if not is_typing or not typed or not row.orders:
        return order, matches, ""
    number = amounts.read(typed, translation.get_language() or "en")
    if number is None:
        return order, matches, _("Write the number as the display shows it, such as 1,284.56.")
    found = row.matching(number)
    if found is None:
        words = _(
            "In none of these orders does the meter say that. Look for the total energy on the display, and check the"
            " model; a display in another unit, or with transformers inside, shows another number."
        )
        return order, "no", words
    reading = row.reading(found)
    digits = reading.digits if reading is not None else ""
    return found, "yes", _("That is the order %(digits)s.") % {"digits": digits}


def _choices(row: probing.ProbeRow, chosen: orders.ByteOrder) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            code=each.order.value,
            digits=each.digits,
            octets=each.octets.upper(),
            number=adding_words.number(each.number, row.main.decimals),
            unit=row.main.unit.symbol,
            is_plausible=each.is_plausible,
            is_chosen=each.order is chosen,
        )
        for each in row.orders
    )


def _also(row: probing.ProbeRow, order: orders.ByteOrder) -> tuple[str, ...]:
    by_code = {each.series_code: each for each in row.samples(order)}
    known = [by_code[code] for code in ALSO if code in by_code]
    return tuple(
        f"{tags.number(each.quantity.number, each.decimals)}{tags.NO_BREAK}{each.unit.symbol}" for each in known[:3]
    )


def _hex(octets: bytes) -> str:
    return octets.hex(" ").upper()


def captions(form: ProbeForm) -> str:
    """This will name the fields at fault as the form of a new meter calls them."""
    return ", ".join(str(adding_forms.MeterForm.base_fields[name].label) for name in form.errors)


def site_of(request: access.Request, public_id: str) -> uuid.UUID:
    """This will return a site where the person may manage devices.

    :raises Http404: when there is none
    """
    for each in choice.visible_sites(request, acquisition_permissions.MANAGE_DEVICE):
        if str(each.public_id) == public_id:
            return each.public_id
    raise Http404(_("There is no such site."))


def place_of(given: dict[str, Any]) -> acquisition_operations.Place:
    """This will return the place that the form describes: behind a gateway that is there, or at a host and port.

    :raises acquisition_operations.ProbeRefused: when no gateway was chosen
    """
    secondary, gateway = given.get("secondary") or "", given["gateway"].removeprefix(hearing_forms.PREFIX)
    unit = given["unit_id"] or 0
    if gateway == adding_forms.NEW:
        return acquisition_operations.Place(
            unit_id=unit,
            host=given["host"],
            port=line_forms.port_of(given),
            protocol=line_forms.protocol_of(given),
            line=line_forms.line_of(given),
            secondary=secondary,
        )
    try:
        return acquisition_operations.Place(unit_id=unit, bus=uuid.UUID(gateway), secondary=secondary)
    except ValueError as error:
        raise acquisition_operations.ProbeRefused("gateway", _("Choose a gateway.")) from error
