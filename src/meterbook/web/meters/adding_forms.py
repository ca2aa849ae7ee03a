"""What is typed to set up a meter: the point, the meter that hangs there, and how it is reached."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import catalogue
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import orders
from meterbook.foundation.tls import hosts
from meterbook.journeys import add_meter
from meterbook.kernel import civil
from meterbook.metering import values as metering_values
from meterbook.sites import queries as site_queries
from meterbook.web import amounts, parameters, typed
from meterbook.web.meters import hearing_forms, line_forms, ratio_fields, register_forms

NEW = "new"
EARLIEST, MOST_AHEAD = date(2000, 1, 1), timedelta(days=366)
PORTS, UNITS = acquisition_values.PORTS, line_forms.ADDRESSES


class MeterForm(register_forms.RegistersForm):
    """One meter. Its gateway is looked at only when it is read by itself, its first day only when files bring it."""

    site = forms.ChoiceField(label=_("Site"))
    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("What the meter measures: a shop, a flat, a machine.")
    )
    code = typed.CodeField(
        label=_("Code of the meter point"),
        max_length=40,
        help_text=_("Short and unique, such as MP-101. It stays when the meter is exchanged, and stands on bills."),
    )
    place = forms.ChoiceField(
        label=_("Unit or place"), required=False, help_text=_("Where it hangs. Who rents the unit pays for it.")
    )
    service = forms.ChoiceField(label=_("Service"), choices=list(metering_values.SERVICE_CAPTIONS.items()))
    model_code = forms.ChoiceField(label=_("Model"))
    serial_number = typed.CodeField(
        label=_("Serial number"), max_length=60, help_text=_("As it stands on the meter's plate.")
    )
    multiplier = ratio_fields.RatioField(
        label=_("Multiplier"),
        initial="1",
        help_text=_(
            "Ratio of the current transformers, primary/secondary: 200/5 counts 40 times. "
            "1 without transformers, or when the meter multiplies inside."
        ),
    )
    rated_per_hour = amounts.NumberField(
        places=3,
        least=Decimal(0),
        most=Decimal(10) ** 8,
        label=_("Most that can flow"),
        required=False,
        help_text=_(
            "In kW, for water and gas in m³/h. Values above it are marked as impossible. Leave it empty if unknown."
        ),
    )
    gateway = forms.ChoiceField(label=_("Gateway"), required=False)
    gateway_name = forms.CharField(
        label=_("Name of the gateway"), max_length=100, required=False, help_text=_("Such as: Gateway, ground floor.")
    )
    host = forms.CharField(
        label=_("Address"),
        max_length=253,
        required=False,
        help_text=_(
            "IP address or name, such as 192.168.10.40, or the serial port, such as /dev/ttyUSB0. It must be allowed: "
            "MB_ALLOWED_NETWORKS, MB_SERIAL_PORTS."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=PORTS[0],
        max_value=PORTS[-1],
        required=False,
        help_text=_("Empty: 502 with Modbus, 10001 with M-Bus."),
    )
    unit_id = forms.IntegerField(
        label=_("Unit address"),
        min_value=UNITS[0],
        max_value=UNITS[-1],
        initial=1,
        required=False,
        help_text=_("As it is set at the meter, 1 to 247; with M-Bus 0 to 250."),
    )
    byte_order = forms.ChoiceField(
        required=False, choices=[("", ""), *((each.value, each.value) for each in orders.ByteOrder)]
    )
    opening_day = parameters.DayField(
        label=_("Read before on"),
        required=False,
        help_text=_("If you know an earlier reading: what was used since then is spread over the days."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    opening = amounts.NumberField(
        places=3,
        least=Decimal(0),
        label=_("What it showed then"),
        required=False,
        help_text=_("The main counter, as the display showed it at the beginning of that day, not multiplied."),
    )
    first_day = parameters.DayField(
        label=_("Hangs there since"),
        required=False,
        help_text=_("The first day of its readings; earlier ones cannot be entered or imported."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    first_shown = amounts.NumberField(
        places=3,
        least=Decimal(0),
        label=_("What it showed on that day"),
        required=False,
        help_text=_(
            "For a meter that you read by hand: the main counter at the beginning of that day, not multiplied. "
            "Leave it empty when a file brings it."
        ),
    )

    def __init__(
        self,
        data: object = None,
        *,
        sites: Collection[site_queries.SiteRow],
        connectable: Collection[site_queries.SiteRow],
        at: datetime,
        initial: dict[str, str] | None = None,
        places: Collection[tuple[str, str]] = (),
    ) -> None:
        super().__init__(data, initial=initial)
        self.at = at
        self.sites = {str(each.public_id): each for each in sites}
        self.connectable = {each.id: each for each in connectable}
        buses = [each for each in acquisition_queries.list_buses() if each.site_id in self.connectable]
        self.buses = {str(each.public_id): each for each in buses}
        if buses:  # what is offered first belongs together
            at = self.initial.setdefault("site", str(self.connectable[buses[0].site_id].public_id))
            buses.sort(key=lambda bus: str(self.connectable[bus.site_id].public_id) != at)
        if (begun := self.buses.get(str(self.initial.get("gateway")))) is not None:
            self.initial["gateway"] = _key(begun)
        self.fields["site"].choices = [(key, each.name) for key, each in self.sites.items()]  # type: ignore[attr-defined]
        self.fields["model_code"].choices = models(may_connect=bool(connectable))  # type: ignore[attr-defined]
        if places:
            self.fields["place"].choices = [("", _("Not in a unit yet")), *places]  # type: ignore[attr-defined]
        else:
            del self.fields["place"]
        self.fields["gateway"].choices = [  # type: ignore[attr-defined]
            *((_key(each), self._caption(each)) for each in buses),
            (NEW, _("A new gateway")),
        ]

    def clean_gateway(self) -> str:
        """This will return the public id of the chosen gateway or broker, or `NEW`."""
        return str(self.cleaned_data["gateway"]).removeprefix(hearing_forms.PREFIX)

    def _caption(self, bus: acquisition_queries.BusRow) -> str:
        return f"{self.connectable[bus.site_id].name}: {bus.name} ({bus.address})"

    def meter_fields(self) -> list[forms.BoundField]:
        """This will return the fields about the meter itself."""
        names = (
            "site",
            "place",
            "name",
            "code",
            "service",
            "model_code",
            "serial_number",
            "multiplier",
            "rated_per_hour",
        )
        return [self[name] for name in names if name in self.fields]

    def gateway_fields(self) -> list[forms.BoundField]:
        """This will return the fields about a gateway that is not known yet."""
        return [self[name] for name in ("gateway_name", "protocol", "host", "port")]

    def opening_fields(self) -> list[forms.BoundField]:
        """This will return the fields about a reading from before."""
        return [self["opening_day"], self["opening"]]

    def since_fields(self) -> list[forms.BoundField]:
        """This will return the fields about the start of a meter that is read by hand or from files."""
        return [self["first_day"], self["first_shown"]]

    def blame(self, field: str, words: str) -> None:
        """This will say beside the field at fault why the meter cannot be set up."""
        own = "first_shown" if field == "opening" and not self.is_connected else field
        self.add_error(own.replace("registers/", "shown_"), words)

    def clean(self) -> dict[str, Any]:
        """This will look at the fields that depend on how the meter is read."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_days(given)
        if "byte_order" in self.errors:  # its choices are those of a test read, which may be gone from the page
            self.add_error(None, gettext("Choose the order of the bytes again: test read the meter, or leave it out."))
        is_new = given.get("gateway") == NEW and given.get("model_code") != metering_values.IMPORTED
        is_dialed = is_new and not line_forms.protocol_of(given).is_serial
        if is_dialed and given.get("host") and hosts.read(given["host"]) is None:
            self.add_error("host", gettext("Give the gateway's address or name alone, such as 192.168.10.4."))
        if given.get("model_code") == metering_values.IMPORTED:
            self._require("first_day", gettext("Say since when, so that its readings can be imported."))
            self.check_registers(given)
        elif given.get("model_code"):
            self._clean_connection(given)
        return given

    def _clean_days(self, given: dict[str, Any]) -> None:
        """Before, nothing was metered by programs; a meter that comes later is set up later."""
        for name in ("first_day", "opening_day"):
            day = given.get(name)
            if day is not None and day < EARLIEST:
                words = gettext("Take a day since %(day)s; earlier readings are not kept.")
                self.add_error(name, words % {"day": EARLIEST.isoformat()})
            elif day is not None and day > self.at.date() + MOST_AHEAD:
                self.add_error(name, gettext("That day is more than a year away; take an earlier one."))

    def _clean_connection(self, given: dict[str, Any]) -> None:
        if "service" in given and catalogue.current().load(given["model_code"]).service != given["service"]:
            self.add_error("service", gettext("This model does not measure that; choose another service or model."))
        if "site" in given and self.sites[given["site"]].id not in self.connectable:
            self.add_error("site", gettext("You may not connect meters at this site; choose another site, or files."))
        protocol = self._protocol(given)
        if catalogue.current().load(given["model_code"]).is_heard:
            self._clean_hearing(given, protocol)
            return
        if not given.get("secondary"):
            self._require("unit_id", gettext("Give the address that is set at the meter."))
        if catalogue.current().load(given["model_code"]).protocol != acquisition_values.MODEL_PROTOCOL_OF[protocol]:
            field = "protocol" if given.get("gateway") == NEW else "gateway"
            self.add_error(field, gettext("This model does not speak that; choose another line or another model."))
        self.check_address(protocol)
        if given.get("gateway") == NEW:
            self._require("gateway_name", gettext("Give the gateway a name."))
            self._require("host", gettext("Give the gateway's address or name."))
        else:
            self._require("gateway", gettext("Choose a gateway."))
        self._clean_opening(given)

    def _clean_hearing(self, given: dict[str, Any], protocol: acquisition_values.BusProtocol) -> None:
        """What sends by itself has a topic at a broker, which was added before."""
        if protocol.is_asked:
            has_broker = any(not each.protocol.is_asked for each in self.buses.values())
            words = gettext("Choose the broker at which this device sends; add it first, under Topology, MQTT brokers.")
            self.add_error("gateway" if has_broker else "model_code", words)
            if not has_broker:
                return
        self.check_hearing(given, catalogue.current().load(given["model_code"]))
        self._clean_opening(given)

    def _protocol(self, given: dict[str, Any]) -> acquisition_values.BusProtocol:
        """What is spoken where the meter is read: at a gateway that is there, or as it was chosen."""
        known = self.buses.get(str(given.get("gateway")))
        return known.protocol if known is not None else line_forms.protocol_of(given)

    def _clean_opening(self, given: dict[str, Any]) -> None:
        day, shown = given.get("opening_day"), given.get("opening")
        if day is None and shown is None:
            return
        self._require("opening_day", gettext("Give the day of that reading, or leave both fields empty."))
        self._require("opening", gettext("Give what the display showed, or leave both fields empty."))
        if day is not None and "site" in given and self._start_of(day) > self.at:
            self.add_error("opening_day", gettext("That day has not begun yet; take an earlier one."))

    def _start_of(self, day: date) -> datetime:
        return civil.start_of_day(day, self.sites[self.cleaned_data["site"]].zone)

    def _require(self, name: str, words: str) -> None:
        if name not in self.errors and self.cleaned_data.get(name) in (None, ""):
            self.add_error(name, words)

    @property
    def is_connected(self) -> bool:
        """Whether the meter is read by itself."""
        return bool(self.cleaned_data["model_code"] != metering_values.IMPORTED)

    def starts_at(self, at: datetime) -> datetime:
        """This will return since when the meter hangs there: now, or the beginning of the day that was given."""
        if self.is_connected and self.cleaned_data["opening_day"]:
            return self._start_of(self.cleaned_data["opening_day"])
        if self.is_connected:
            return at.replace(microsecond=0)  # readings carry whole seconds, and none may lie before
        return self._start_of(self.cleaned_data["first_day"])

    def plan(self) -> add_meter.MeterPlan:
        """This will return what was typed as the journey wants it."""
        given = self.cleaned_data
        return add_meter.MeterPlan(
            site=uuid.UUID(given["site"]),
            code=given["code"],
            name=given["name"],
            service=metering_values.Service(given["service"]),
            serial_number=given["serial_number"],
            model_code=given["model_code"],
            multiplier=given["multiplier"],
            rated_per_hour=given["rated_per_hour"],
            connection=self._connection() if self.is_connected else None,
            opening=given["opening"] if self.is_connected else given["first_shown"],
            place=uuid.UUID(given["place"]) if given.get("place") else None,
            further={} if self.is_connected else self.further(),
        )

    def _connection(self) -> add_meter.Connection:
        given = self.cleaned_data
        gateway: uuid.UUID | add_meter.NewGateway
        if given["gateway"] == NEW:
            gateway = add_meter.NewGateway(
                given["gateway_name"],
                given["host"],
                line_forms.port_of(given),
                line_forms.protocol_of(given),
                line_forms.line_of(given),
            )
        else:
            gateway = uuid.UUID(given["gateway"])
        if catalogue.current().load(given["model_code"]).is_heard:
            return add_meter.Connection(gateway, 0, subscription=self.subscription())
        order = orders.ByteOrder(given["byte_order"]) if given["byte_order"] else None
        return add_meter.Connection(gateway, given["unit_id"] or 0, order, given["secondary"])


def _key(bus: acquisition_queries.BusRow) -> str:
    return str(bus.public_id) if bus.protocol.is_asked else f"{hearing_forms.PREFIX}{bus.public_id}"


def models(*, may_connect: bool) -> list[tuple[str | Promise, str | Promise | list[tuple[str, str]]]]:
    """This will list how a meter is read that nobody asks, then the models of the library by their makers."""
    files = (metering_values.IMPORTED, _("Read by hand or from files"))
    if not may_connect:
        return [files]
    makers: dict[str, list[tuple[str, str]]] = {}
    for each in catalogue.current().offered(is_demo=settings.IS_DEMO):
        makers.setdefault(each.manufacturer, []).append((each.code, f"{each.manufacturer} {each.name}"))
    known = sorted(makers.items(), key=lambda maker: maker[0].casefold())
    return [("", _("Choose the model")), files, *known]
