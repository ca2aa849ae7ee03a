"""The wiring sheet of a gateway as a PDF, for whoever lays the lines."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.acquisition import gateway_plans, permissions, values
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition.gateway_plans import LineRow
from meterbook.acquisition.gateway_values import PROFILE_CAPTIONS
from meterbook.documents.rendering import wiring
from meterbook.identity.values import Module
from meterbook.installation import queries as installation_queries
from meterbook.kernel import civil
from meterbook.web import access, line_words, tables
from meterbook.web.gateways import shown
from meterbook.web.sites import choice


@require_GET
@access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
def wiring_sheet(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will answer with the wiring sheet of a gateway."""
    row = shown.find(request, gateway)
    day = civil.local_date(request.at, choice.clock_zone(request))
    places = {
        each.serial_number: f"{each.point_code} {each.point_name}".strip()
        for each in acquisition_gateways.list_meters(gateway_id=row.id)
    }
    made = wiring.render_wiring(
        [_line(each, places) for each in gateway_plans.list_lines(gateway_id=row.id)],
        words=_words(row.name),
        facts=(row.site_name, str(PROFILE_CAPTIONS[row.profile]), str(row.public_id)),
        address=_address(request, gateway),
        author=request.organization.name,
        language=(translation.get_language() or "en")[:2],
        day=day,
    )
    answer = HttpResponse(made, content_type="application/pdf")
    name = tables.file_safe(f"{_('wiring')}_{row.name}")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _address(request: HttpRequest, gateway: uuid.UUID) -> str:
    organization = request.organization.public_id  # type: ignore[attr-defined]
    return installation_queries.public_address() + reverse("gateway", args=[organization, gateway])


def _line(row: LineRow, places: dict[str, str]) -> wiring.Line:
    caption = str(values.BUS_PROTOCOL_CAPTIONS[row.protocol])
    facts = " · ".join(part for part in (caption, row.address, line_words.words(row.protocol, row.line)) if part)
    meters = tuple((address, serial, places.get(serial, "")) for serial, address in row.devices)
    return wiring.Line(row.name, facts, _rules(row.protocol), meters)


def _rules(protocol: values.BusProtocol) -> tuple[str, ...]:
    """What holds for the kind of line behind a protocol (TIA-485-A, EN 13757-2)."""
    if "MBUS" in protocol.value:
        return (
            _("Two wires in any shape, polarity does not matter, no termination."),
            _("At 2400 baud up to 350 m from the converter to the last meter and 1000 m of cable in all."),
        )
    if protocol.is_telegram:
        return (
            _("One meter, one line: the P1 port with its own cable, or an optical head on the meter's eye."),
            _("A P1 port of DSMR 5 supplies 250 mA at 5 V; an older one needs a converter with a supply of its own."),
        )
    if protocol is values.BusProtocol.MODBUS_TCP:
        return (_("Network cable of at most 100 m to the next switch; behind a converter the rules of RS-485 hold."),)
    return (
        _("One line from meter to meter, no star; branches of at most 1 m."),
        _("Terminate both ends with 120 Ω and nothing between; at 9600 baud at most 1200 m and 32 meters."),
        _("Twisted pair with a shield that is earthed at one end; A to A, B to B, and the common wire with them."),
    )


def _words(name: str) -> wiring.Words:
    return wiring.Words(
        title=_("Wiring of gateway “%(name)s”") % {"name": name},
        heads=(_("Address"), _("Serial number"), _("Hangs at"), _("Length and checked by")),
        checks=(
            _("Each address is set at the meter as it stands here, and stands once on its bus."),
            _("Speed, parity and stop bits are set at each meter as they stand here."),
            _("Ends are terminated, polarity and shield are checked."),
            _("Each meter answers on the page of the gateway."),
        ),
        nothing=_("This gateway has no bus yet; add one on its page."),
    )
