"""What is typed to set up a meter: the point, the meter that hangs there, and how it is reached."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import documents, orders
from meterbook.journeys import add_meter
from meterbook.kernel import civil
from meterbook.metering import values as metering_values
from meterbook.sites import queries as site_queries
from meterbook.web import amounts, parameters

NEW = "new"
NUMBER = r"\d{1,9}(?:\.\d{1,6})?"
RATIO = re.compile(rf"(?a:({NUMBER})(?:\s*[/:]\s*({NUMBER}))?)")
PORTS, UNITS = acquisition_values.PORTS, acquisition_values.UNIT_IDS


class RatioField(forms.CharField):
    """How many times a register counts: 40, 1.5 or 200/5."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> Fraction:  # noqa: ANN401 - as Django declares it
        """This will return the factor.

        :raises forms.ValidationError: when it is none, or zero
        """
        found = RATIO.fullmatch(super().clean(value))
        first, second = found.groups() if found else ("", "")
        if not first or not Fraction(first) or (second and not Fraction(second)):
            raise forms.ValidationError(_("Write a number above zero, such as 40, or a ratio such as 200/5."))
        return Fraction(first) / Fraction(second or "1")


class MeterForm(forms.Form):
    """One meter. Its gateway is looked at only when it is read by itself, its first day only when files bring it."""

    site = forms.ChoiceField(label=_("Site"))
    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("What the meter measures: a shop, a flat, a machine.")
    )
    code = forms.CharField(
        label=_("Code of the meter point"),
        max_length=40,
        help_text=_("Short and unique, such as MP-101. It stays when the meter is exchanged, and stands on bills."),
    )
    place = forms.ChoiceField(
        label=_("Unit or place"), required=False, help_text=_("Where it hangs. Who rents the unit pays for it.")
    )
    service = forms.ChoiceField(label=_("Service"), choices=list(metering_values.SERVICE_CAPTIONS.items()))
    model_code = forms.ChoiceField(label=_("Model"))
    serial_number = forms.CharField(
        label=_("Serial number"), max_length=60, help_text=_("As it stands on the meter's plate.")
    )
    multiplier = RatioField(
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
        help_text=_("IP address or name, such as 192.168.10.40. Its network must be allowed: MB_ALLOWED_NETWORKS."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(label=_("Port"), min_value=PORTS[0], max_value=PORTS[-1], initial=502, required=False)
    unit_id = forms.IntegerField(
        label=_("Unit address"),
        min_value=UNITS[0],
        max_value=UNITS[-1],
        initial=1,
        required=False,
        help_text=_("As it is set at the meter, 1 to 247."),
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
        help_text=_("The first day of its readings; earlier ones cannot be imported. Year-month-day."),
        widget=forms.DateInput(attrs={"type": "date"}),
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
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.at = at
        self.sites = {str(each.public_id): each for each in sites}
        self.connectable = {each.id: each for each in connectable}
        buses = [each for each in acquisition_queries.list_buses() if each.site_id in self.connectable]
        if buses:  # what is offered first belongs together
            at = self.initial.setdefault("site", str(self.connectable[buses[0].site_id].public_id))
            buses.sort(key=lambda bus: str(self.connectable[bus.site_id].public_id) != at)
        self.fields["site"].choices = [(key, each.name) for key, each in self.sites.items()]  # type: ignore[attr-defined]
        self.fields["model_code"].choices = models(may_connect=bool(connectable))  # type: ignore[attr-defined]
        if places:
            self.fields["place"].choices = [("", _("Not in a unit yet")), *places]  # type: ignore[attr-defined]
        else:
            del self.fields["place"]
        self.fields["gateway"].choices = [  # type: ignore[attr-defined]
            *((str(each.public_id), self._caption(each)) for each in buses),
            (NEW, _("A new gateway")),
        ]

    def _caption(self, bus: acquisition_queries.BusRow) -> str:
        return f"{self.connectable[bus.site_id].name}: {bus.name} ({bus.host}:{bus.port})"

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
        return [self[name] for name in ("gateway_name", "host", "port")]

    def opening_fields(self) -> list[forms.BoundField]:
        """This will return the fields about a reading from before."""
        return [self["opening_day"], self["opening"]]

    def clean(self) -> dict[str, Any]:
        """This will look at the fields that depend on how the meter is read."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("model_code") == metering_values.IMPORTED:
            self._require("first_day", gettext("Say since when, so that its readings can be imported."))
        elif given.get("model_code"):
            self._clean_connection(given)
        return given

    def _clean_connection(self, given: dict[str, Any]) -> None:
        if "service" in given and documents.load(given["model_code"]).service != given["service"]:
            self.add_error("service", gettext("This model does not measure that; choose another service or model."))
        if "site" in given and self.sites[given["site"]].id not in self.connectable:
            self.add_error("site", gettext("You may not connect meters at this site; choose another site, or files."))
        self._require("unit_id", gettext("Give the address that is set at the meter."))
        if given.get("gateway") == NEW:
            self._require("gateway_name", gettext("Give the gateway a name."))
            self._require("host", gettext("Give the gateway's address or name."))
            self._require("port", gettext("Give the port; most gateways use 502."))
        else:
            self._require("gateway", gettext("Choose a gateway."))
        self._clean_opening(given)

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
            opening=given["opening"] if self.is_connected else None,
            place=uuid.UUID(given["place"]) if given.get("place") else None,
        )

    def _connection(self) -> add_meter.Connection:
        given = self.cleaned_data
        gateway: uuid.UUID | add_meter.NewGateway
        if given["gateway"] == NEW:
            gateway = add_meter.NewGateway(given["gateway_name"], given["host"], given["port"])
        else:
            gateway = uuid.UUID(given["gateway"])
        order = orders.ByteOrder(given["byte_order"]) if given["byte_order"] else None
        return add_meter.Connection(gateway, given["unit_id"], order)


def models(*, may_connect: bool) -> list[tuple[str, str | Promise]]:
    """This will list the models of the library, and files for meters that nobody asks."""
    files = (metering_values.IMPORTED, _("Any other: its readings come from files"))
    if not may_connect:
        return [files]
    offered = (each for each in documents.all_models() if settings.IS_DEMO or not each.is_simulated)
    known = [(each.code, f"{each.manufacturer} {each.name}") for each in offered]
    return [("", _("Choose the model")), *known, files]
