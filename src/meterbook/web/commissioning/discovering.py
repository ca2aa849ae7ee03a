"""What a SunSpec device says it has: its chain of models, and the points of the meter among them, to choose from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.acquisition import catalogue, commissionings, meter_types, networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.drivers.sunspec import discovery as walks
from meterbook.acquisition.drivers.sunspec import models
from meterbook.acquisition.library import checks, documents, writing
from meterbook.kernel import clock
from meterbook.web import access, once
from meterbook.web.commissioning import reach, words
from meterbook.web.meters import adding_probe

PAGE = "commissioning/sunspec.html"


@dataclass(frozen=True)
class Link:
    """A model in the chain of a device; `is_meter` is the one whose points are listed."""

    number: int
    name: str
    is_meter: bool


@dataclass(frozen=True)
class PointLine:
    """A point as a register: where it stands, and how it is read."""

    code: str
    caption: str
    address: int
    type: str
    scale: str
    unit: str
    is_counter: bool
    is_chosen: bool


@dataclass(frozen=True)
class Discovered:
    """A device with its chain and its points."""

    device: Mapping[str, Any]
    chain: tuple[Link, ...]
    points: tuple[PointLine, ...]
    code: str
    is_known: bool


@require_POST
@reach.guarded
def ask(request: access.Request) -> HttpResponse:
    """This will ask the meter of the form of a new meter for its SunSpec models, and lead to what comes."""
    form = adding_probe.ProbeForm(request.POST)
    del form.fields["model_code"]  # whichever was chosen: SunSpec asks the device itself
    if not form.is_valid():
        fields = adding_probe.captions(form)
        return render(request, adding_probe.TEMPLATE, {"refusal": _("Fill in first: %(fields)s.") % {"fields": fields}})
    try:
        asked = acquisition_operations.request_probe(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            site=adding_probe.site_of(request, form.cleaned_data["site"]),
            model_code=_any_modbus(),
            place=adding_probe.place_of(form.cleaned_data),
            allowed=reach.allowed(),
            errand=acquisition_values.Errand.SUNSPEC,
        )
    except (acquisition_operations.ProbeRefused, networks.NetworksMisspelled) as error:
        return render(request, adding_probe.TEMPLATE, {"refusal": str(error)})
    response = HttpResponse()
    response.headers["HX-Redirect"] = reverse("sunspec", args=[request.organization.public_id, asked])
    return response


@require_http_methods(["GET", "POST"])
@reach.guarded
@once.carried_out_once
def of_question(request: access.Request, discovery: uuid.UUID) -> HttpResponse:
    """This will show what a device said in a test read, and make a meter type of the chosen points."""
    try:
        asked = commissionings.get_discovery(public_id=discovery, real_at=clock.real_now())
    except commissionings.CommissioningNotFound as error:
        raise Http404(_("There is no such test read.")) from error
    if not request.access.allows(permissions.MANAGE_DEVICE, asked.site_id):
        raise Http404(_("There is no such test read."))
    if request.headers.get("HX-Request") == "true" and asked.is_final:
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    gateway = str(asked.bus) if asked.bus is not None else ""
    following = {"gateway": gateway, "unit": str(asked.unit_id), "serial": _serial(asked.device)}
    back = reverse("meter_new", args=[request.organization.public_id])
    return _page(request, asked.device, asked=asked, back=back, following=following)


@require_http_methods(["GET", "POST"])
@reach.guarded
@once.carried_out_once
def of_found(request: access.Request, found: uuid.UUID) -> HttpResponse:
    """This will show what a device that commissioning found said, and make a meter type of the chosen points."""
    row = reach.find_meter(request, found)
    back = reverse("found_meter", args=[request.organization.public_id, found])
    if row.device is None:
        return redirect(back)
    return _page(request, row.device, found=row, back=back)


def _page(
    request: access.Request,
    device: Mapping[str, Any] | None,
    *,
    back: str,
    asked: commissionings.Discovery | None = None,
    found: commissionings.SurveyedMeter | None = None,
    following: Mapping[str, str] | None = None,
) -> HttpResponse:
    may_make = request.access.allows(permissions.EDIT_TYPE)
    problem, chosen = "", None
    if request.method == "POST" and device is not None and may_make:
        chosen = request.POST.getlist("point")
        code, problem = _make(request, device, chosen)
        if code:
            messages.success(request, _("The type “%(code)s” is made; new meters may be of it.") % {"code": code})
            return _on(request, code, found, following or {}, back)
    shown = _discovered(device, chosen) if device is not None else None
    context = {"found": shown, "asked": asked, "back": back, "may_make": may_make, "problem": problem}
    return render(request, PAGE, context, status=422 if problem else 200)


def _on(
    request: access.Request,
    code: str,
    found: commissionings.SurveyedMeter | None,
    following: Mapping[str, str],
    back: str,
) -> HttpResponseRedirect:
    """Back to where it came from, with the type chosen."""
    if found is None:
        query = urlencode({key: value for key, value in {"model": code, **following}.items() if value})
        return HttpResponseRedirect(f"{back}?{query}")
    acquisition_operations.survey_meter(
        actor=request.actor,
        at=request.at,
        real_at=clock.real_now(),
        found=found.public_id,
        allowed=reach.allowed(),
        again=True,
    )
    acquisition_operations.note_choice(
        actor=request.actor,
        at=request.at,
        found=found.public_id,
        model_code=code,
        byte_order="",
        scale="1",
        notes=found.notes,
    )
    return HttpResponseRedirect(back)


def _make(request: access.Request, device: Mapping[str, Any], chosen: list[str]) -> tuple[str, str]:
    """The code of the type that was published, or what is wrong."""
    content = dict(meter_types.parsed(device["document"]))
    content["registers"] = [each for each in content["registers"] if each["code"] in set(chosen)]
    if not content["registers"]:
        return "", _("Choose at least one point.")
    code = str(content["code"])
    own = catalogue.current().own.get(code)
    try:
        acquisition_operations.publish_type(
            actor=request.actor,
            at=request.at,
            text=writing.write(content),
            base=own.version if own is not None else 0,
        )
    except (
        acquisition_operations.TypeRefused,
        acquisition_operations.TypeChanged,
        acquisition_operations.TypeInUse,
        checks.DocumentInvalid,
    ) as error:
        return "", str(error)
    return code, ""


def _discovered(device: Mapping[str, Any], chosen: list[str] | None) -> Discovered:
    content = meter_types.parsed(device["document"])
    model = documents.read(device["document"])
    meter = next((each for each in device["models"] if each in walks.METERS), None)
    chain = tuple(
        Link(number, models.MODELS[number].name if number in models.MODELS else _("not read here"), number == meter)
        for number in device["models"]
    )
    points = tuple(
        PointLine(
            code=each.code,
            caption=words.caption(each.caption),
            address=each.address,
            type=each.type,
            scale=str(each.scale),
            unit=each.unit.symbol,
            is_counter=each.is_energy,
            is_chosen=chosen is None or each.code in chosen,
        )
        for each in model.registers
    )
    return Discovered(device, chain, points, str(content["code"]), content["code"] in catalogue.current())


def _serial(device: Mapping[str, Any] | None) -> str:
    return str((device or {}).get("serial_number", ""))


def _any_modbus() -> str:
    return next(each.code for each in catalogue.SHIPPED.all_models() if each.protocol == checks.MODBUS)
