"""How a row of a workbook says that a meter is reached: its line, and its address there."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, networks
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.values import ASKED, BusProtocol
from meterbook.foundation.tls import hosts
from meterbook.journeys.building.planning import Entry, Planner
from meterbook.journeys.building.present import Values

COLUMNS = ("host", "port", "spoken", "unit", "secondary")
Units = dict[tuple[object, ...], int]


def completed(planner: Planner, values: Values) -> Values:
    """This will fill in what a row leaves open: what is spoken, the usual port; addresses as they are dialed."""
    model, host = values.get("model"), str(values["host"]).strip()
    spoken = catalogue.current().load(str(model)).protocol if model in catalogue.current() else "MODBUS"
    usual = next((each for each in ASKED if acquisition_values.MODEL_PROTOCOL_OF[each] == spoken), ASKED[0])
    protocol = BusProtocol(str(values.get("spoken") or usual))
    if values.get("spoken") is None:  # then as the gateway does that is there
        port = int(str(values.get("port") or acquisition_values.USUAL_PORTS[protocol]))
        there = (planner.present.gateways.get((str(values.get("site")), host, each)) for each in (port, 0))
        protocol = next((BusProtocol(each.protocol) for each in there if each is not None), protocol)
    number = values.get("secondary")
    return {
        **values,
        "spoken": protocol.value,
        "host": host if protocol.is_serial else hosts.read(host) or host,
        "port": None if protocol.is_serial else values.get("port") or acquisition_values.USUAL_PORTS[protocol],
        "secondary": acquisition_values.secondary_address(str(number)) or number if number is not None else None,
    }


def protocol_of(values: Values) -> BusProtocol:
    """This will return what is spoken, of a completed row."""
    return BusProtocol(str(values["spoken"]))


def place(values: Values) -> tuple[str, int]:
    """This will return host and port of a completed row; 0 of a serial port."""
    return str(values["host"]), int(str(values["port"] or 0))


def check(planner: Planner, entry: Entry, units: Units, blame: Callable[..., None]) -> None:
    """This will complain of a line that cannot be, and of an address that is taken.

    :param units: the rows so far, by site, host, port and address
    """
    values, protocol = entry.values, protocol_of(entry.values)
    _check_host(planner, values, protocol, blame)
    model = values.get("model")
    if model is None:
        blame("model", _("The cell is empty."), _("A meter that is asked over the network needs a model."))
    elif model in catalogue.current() and (
        catalogue.current().load(str(model)).protocol != acquisition_values.MODEL_PROTOCOL_OF[protocol]
    ):
        blame("spoken", _("This model does not speak that."), _("Choose another line, or another model."))
    where = (str(values.get("site")), *place(values))
    bus = planner.present.gateways.get(where)
    if bus is not None and bus.protocol != protocol.value:
        known = acquisition_values.BUS_PROTOCOL_CAPTIONS[BusProtocol(bus.protocol)]
        blame("spoken", _("This gateway speaks “%(known)s” already.") % {"known": known}, _("Empty the cell."))
    address = _address(values, protocol, blame)
    if address is None:
        return
    column = "secondary" if values.get("secondary") is not None else "unit"
    if bus is not None and (bus.pk, address) in planner.present.units:
        blame(column, _("Another meter has this address at the gateway already."), _("Check the address."))
    elif (*where, address) in units:
        blame(
            column,
            _("Row %(line)s has this address at the same gateway.") % {"line": units[*where, address]},
            _("Give each meter an address of its own."),
        )
    units.setdefault((*where, address), entry.line)


def _check_host(planner: Planner, values: Values, protocol: BusProtocol, blame: Callable[..., None]) -> None:
    host = str(values["host"])
    try:
        if protocol.is_serial:
            planner.allowed.check_serial(host)
        elif hosts.read(host) is None:
            blame("host", _("This is no address."), _("Give the address or name alone, such as 192.168.10.4."))
        else:
            planner.allowed.check_host(host)
    except (networks.NetworkNotAllowed, networks.SerialPortNotAllowed) as error:
        blame("host", str(error), "")


def _address(values: Values, protocol: BusProtocol, blame: Callable[..., None]) -> int | str | None:
    unit, number = values.get("unit"), values.get("secondary")
    if number is not None:
        if protocol.is_mbus and acquisition_values.secondary_address(str(number)) is not None:
            return str(number)
        blame("secondary", _("This is no number of an M-Bus meter."), str(acquisition_values.SECONDARY_HELP))
    elif unit is None:
        blame("unit", _("The cell is empty."), _("Give the address that is set at the meter, 1 to 247."))
    elif int(str(unit)) not in acquisition_values.unit_ids(protocol):
        blame("unit", _("No meter has this address."), acquisition_values.unit_help(protocol))
    else:
        return int(str(unit))
    return None
