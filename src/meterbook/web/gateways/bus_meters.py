"""Give many meters of a gateway their addresses on one of its buses, on one page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import catalogue, gateway_plans, permissions, values
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.gateway_plans import LineRow
from meterbook.acquisition.gateways import MeterRow
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.gateways import shown

LONGEST = 40  # of an address as it is typed
MOST_DIGITS = 3  # of a primary address; longer ones are numbers of M-Bus meters


@dataclass(frozen=True)
class AddressLine:
    """A meter that nobody reads yet, what was typed beside it, and what is wrong with that."""

    row: MeterRow
    name: str
    typed: str
    problem: str


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
@once.carried_out_once
def bus_meters(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will list the meters of a gateway that are not read yet, and have those with an address read on a bus.

    `?bus=` is the public id of the bus; without one it is the first.
    """
    row = shown.find(request, gateway, to_change=True)
    lines = gateway_plans.list_lines(gateway_id=row.id)
    asked, wanted = [each for each in lines if each.protocol.is_asked], request.GET.get("bus", "")
    line = next((each for each in asked if wanted in ("", each.public_id)), None)
    if line is None and wanted:
        raise Http404(_("There is no such bus."))
    if line is None:
        return render(request, "gateways/bus_meters.html", {"row": row})
    free, others = _free(row.id, lines, line)
    typed = {each.public_id: request.POST.get(_name(each), "").strip()[:LONGEST] for each in free}
    problems: dict[uuid.UUID, str] = {}
    general = ""
    if request.method == "POST":
        places, problems = _read(line.protocol, typed)
        if not any(typed.values()):
            general = _("Write the address of at least one meter.")
        elif not problems:
            problems, general = _store(request, gateway, uuid.UUID(line.public_id), places)
            if not problems and not general:
                words = ngettext(
                    "The gateway reads %(count)s meter within half a minute.",
                    "The gateway reads %(count)s meters within half a minute.",
                    len(places),
                )
                messages.success(request, words % {"count": len(places)})
                return redirect("gateway", request.organization.public_id, gateway)
    context = {
        "row": row,
        "bus": line,
        "protocol": values.BUS_PROTOCOL_CAPTIONS[line.protocol],
        "help": _help(line.protocol),
        "lines": [
            AddressLine(each, _name(each), typed[each.public_id], problems.get(each.public_id, "")) for each in free
        ],
        "others": others,
        "problem": general,
    }
    return render(request, "gateways/bus_meters.html", context, status=422 if problems or general else 200)


def _free(gateway_id: int, lines: list[LineRow], line: LineRow) -> tuple[list[MeterRow], int]:
    """Those that are not read yet and speak what is spoken there, by the code of their place; how many do not."""
    read = {serial for each in lines for serial, _address in each.devices}
    types, spoken = catalogue.current(), values.MODEL_PROTOCOL_OF[line.protocol]
    left = [each for each in acquisition_gateways.list_meters(gateway_id=gateway_id) if each.serial_number not in read]
    able = [each for each in left if each.model_code in types and types.load(each.model_code).protocol == spoken]
    return able, len(left) - len(able)


def _name(meter: MeterRow) -> str:
    return f"address-{meter.public_id}"


def _help(protocol: values.BusProtocol) -> str:
    number = _("Or the meter's number: 8 digits, or 16 with maker, version and type.") if protocol.is_mbus else ""
    return " ".join(each for each in (values.unit_help(protocol), number) if each)


def _read(
    protocol: values.BusProtocol, typed: Mapping[uuid.UUID, str]
) -> tuple[list[acquisition_operations.DevicePlace], dict[uuid.UUID, str]]:
    places, problems = [], {}
    for meter, text in typed.items():
        if not text:
            continue
        is_number = protocol.is_mbus and len(text) > MOST_DIGITS
        secondary = values.secondary_address(text) if is_number else ""
        unit = int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
        if is_number and secondary:
            places.append(acquisition_operations.DevicePlace(meter, values.BY_SELECTION, secondary))
        elif not is_number and unit is not None and unit in values.unit_ids(protocol):
            places.append(acquisition_operations.DevicePlace(meter, unit))
        else:
            problems[meter] = str(values.SECONDARY_HELP) if is_number else values.unit_help(protocol)
    return places, problems


def _store(
    request: access.Request, gateway: uuid.UUID, bus: uuid.UUID, places: list[acquisition_operations.DevicePlace]
) -> tuple[dict[uuid.UUID, str], str]:
    try:
        acquisition_operations.create_gateway_devices(
            actor=request.actor, at=request.at, public_id=gateway, bus=bus, places=places
        )
    except acquisition_operations.PlaceRefused as error:
        return {error.meter: str(error)}, ""
    except (acquisition_operations.LineMisconfigured, acquisition_operations.GatewayRevoked) as error:
        return {}, str(error)
    return {}, ""
