"""Ask a live meter for the registers of a type that is being written: what it sent, in every order of bytes."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.acquisition import networks, operations, permissions, probing
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import documents, orders
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.library import sheet
from meterbook.web.meters import adding_forms, adding_probe, adding_words, line_forms, probing_records
from meterbook.web.sites import choice

TEMPLATE = "library/_test.html"


class TestForm(line_forms.LineForm):
    """Where the meter is that is asked: behind a gateway that is known, or at another place of a site."""

    gateway = forms.ChoiceField(label=gettext_lazy("Gateway"))
    site = forms.ChoiceField(label=gettext_lazy("Site"), required=False)
    host = forms.CharField(label=gettext_lazy("Address"), max_length=253, required=False)
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=acquisition_values.PORTS[0],
        max_value=acquisition_values.PORTS[-1],
        required=False,
    )
    unit_id = forms.IntegerField(
        label=gettext_lazy("Unit address"),
        min_value=line_forms.ADDRESSES[0],
        max_value=line_forms.ADDRESSES[-1],
        required=False,
    )

    def __init__(self, request: access.Request, data: object = None) -> None:
        given = data if data is not None and "gateway" in data else None  # type: ignore[operator]  # a POST
        super().__init__(given, initial={"unit_id": 1})  # type: ignore[arg-type]  # what a request's POST is
        sites = choice.visible_sites(request, permissions.MANAGE_DEVICE)
        names = {each.id: each for each in sites}
        buses = [each for each in acquisition_queries.list_buses() if each.site_id in names]
        self.site_of_bus = {str(each.public_id): names[each.site_id].public_id for each in buses}
        captions = [
            (str(each.public_id), f"{names[each.site_id].name}: {each.name} ({each.address})") for each in buses
        ]
        self.fields["gateway"].choices = [*captions, (adding_forms.NEW, _("Another place"))]  # type: ignore[attr-defined]
        self.fields["site"].choices = [(str(each.public_id), each.name) for each in sites]  # type: ignore[attr-defined]

    def new_fields(self) -> list[forms.BoundField]:
        """This will return the fields about a place that is not known yet."""
        return [self[name] for name in ("site", "protocol", "host", "port")]

    def clean(self) -> dict[str, Any]:
        """This will want an address, or the number of an M-Bus meter in its place."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("secondary") and given.get("unit_id") is None and "unit_id" not in self.errors:
            self.add_error("unit_id", _("Give the address that is set at the meter."))
        if given.get("gateway") == adding_forms.NEW and not given.get("site") and "site" not in self.errors:
            self.add_error("site", _("Choose the site where the meter is."))
        return given

    @property
    def site_id(self) -> uuid.UUID:
        """The site of the place that was chosen, of a valid form."""
        known = self.site_of_bus.get(self.cleaned_data["gateway"])
        return known or uuid.UUID(self.cleaned_data["site"])


@dataclass(frozen=True)
class Told:
    """One order of bytes: what a register says in it."""

    digits: str
    code: str
    number: str
    is_plausible: bool
    is_own: bool


@dataclass(frozen=True)
class Read:
    """A register with what the meter sent for it; `value` is that of the type, "" where nothing makes sense."""

    code: str
    caption: str
    raw: str
    value: str
    orders: tuple[Told, ...]


@dataclass(frozen=True)
class Shown:
    """A test read as the editor shows it."""

    row: probing.ProbeRow
    reads: tuple[Read, ...]
    frames: tuple[tuple[str, str], ...]
    records: tuple[probing_records.RecordLine, ...]
    is_expired: bool
    proposed: str
    causes: tuple[str, ...]

    @property
    def proposed_digits(self) -> str:
        """The proposed order as people write it."""
        return "-".join(self.proposed)


@require_POST
@access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def ask(request: access.Request) -> HttpResponse:
    """This will ask a meter for the registers that the form describes, and show that it is on its way."""
    given = sheet.bound(*sheet.given(request.POST))
    text = given.document()
    form = TestForm(request, request.POST)
    if text is None:
        words = _("Correct the fields of the type first: “Check” shows each of them.")
        return render(request, TEMPLATE, {"refusal": words})
    if not form.is_valid():
        named = (str(form.fields[name].label) if name in form.fields else name for name in form.errors)
        return render(request, TEMPLATE, {"refusal": _("Fill in first: %(fields)s.") % {"fields": ", ".join(named)}})
    try:
        asked = operations.request_probe(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            site=form.site_id,
            model_code=documents.read(text).code,
            place=adding_probe.place_of(form.cleaned_data),
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
            document=text,
        )
    except (operations.ProbeRefused, networks.NetworksMisspelled) as error:
        return render(request, TEMPLATE, {"refusal": str(error)})
    return render(request, TEMPLATE, {"test": _shown(request, asked)})


@require_GET
@access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def state(request: access.Request, probe: uuid.UUID) -> HttpResponse:
    """This will show how far a test read is, and what the meter sent."""
    return render(request, TEMPLATE, {"test": _shown(request, probe)})


def _shown(request: access.Request, public_id: uuid.UUID) -> Shown:
    try:
        row = probing.get_probe(public_id=public_id, real_at=clock.real_now())
    except probing.ProbeNotFound as error:
        raise Http404(_("There is no such test read.")) from error
    if not request.access.allows(permissions.MANAGE_DEVICE, row.site_id):
        raise Http404(_("There is no such test read."))
    reads = (
        () if row.model.is_named else tuple(_read(row, each) for each in row.model.registers if each.code in row.raw)
    )
    return Shown(
        row=row,
        reads=reads,
        frames=tuple((_hex(each.request), _hex(each.response)) for each in row.frames),
        records=probing_records.lines(row),
        is_expired=row.status is acquisition_values.RequestStatus.EXPIRED,
        proposed=row.proposed.value if row.proposed is not row.own_order else "",
        causes=adding_words.causes(row.problem, row.exception, protocol=row.protocol),
    )


def _read(row: probing.ProbeRow, register: documents.Register) -> Read:
    sent, own = row.raw[register.code], orders.order_of(register)
    found = orders.readings(register, sent)
    told = tuple(
        Told(
            digits=each.digits,
            code=each.order.value,
            number=adding_words.number(each.number, register.decimals),
            is_plausible=each.is_plausible,
            is_own=each.order is own or (register.words == 1 and each.order.value[:2] == own.value[:2]),
        )
        for each in found
    )
    chosen = next((each for each in told if each.is_own), None)
    language = (translation.get_language() or "en")[:2]
    return Read(
        code=register.code,
        caption=register.caption.get(language, register.caption["en"]),
        raw=_hex(sent),
        value=f"{chosen.number} {register.unit.symbol}".strip() if chosen is not None else "",
        orders=told,
    )


def _hex(octets: str) -> str:
    return bytes.fromhex(octets).hex(" ").upper()
