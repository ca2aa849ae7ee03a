"""What is chosen about a line: what is spoken on it, and how it is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import values
from meterbook.web import typed

CHOICES = [(each.value, values.BUS_PROTOCOL_CAPTIONS[each]) for each in values.ASKED]
DETAILS = ("baud", "parity", "stop_bits", "pause_ms")
ADDRESSES = range(max(values.UNIT_IDS[-1], values.PRIMARY_ADDRESSES[-1]) + 1)  # of any protocol


class AddressForm(typed.Form):
    """A meter's address on its line: its number there (`unit_id`, of the form itself), or its own with M-Bus."""

    secondary = forms.CharField(
        label=_("Number of the meter (secondary address)"),
        required=False,
        max_length=40,
        help_text=_(
            "With M-Bus, in place of the address: 8 digits, or 16 with maker, version and type. F stands for any digit."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_secondary(self) -> str:
        """This will return the 16 digits of a secondary address; nothing for none.

        :raises forms.ValidationError: when it is none
        """
        given = str(self.cleaned_data["secondary"] or "")
        if not given.strip():
            return ""
        found = values.secondary_address(given)
        if found is None:
            raise forms.ValidationError(values.SECONDARY_HELP)
        return found

    def check_address(self, protocol: values.BusProtocol) -> None:
        """This will complain of an address that no meter of the protocol has."""
        unit, secondary = self.cleaned_data.get("unit_id"), self.cleaned_data.get("secondary")
        if secondary and not protocol.is_mbus:
            self.add_error("secondary", _("Only M-Bus has it: leave it empty here."))
        elif not secondary and unit is not None and unit not in values.unit_ids(protocol):
            self.add_error("unit_id", values.unit_help(protocol))


class LineForm(AddressForm):
    """The fields of a line. What is left as usual follows from what is spoken."""

    protocol = forms.ChoiceField(
        label=_("What is spoken"),
        required=False,
        choices=CHOICES,
        initial=values.BusProtocol.MODBUS_TCP.value,
        help_text=_("As the gateway or converter is set. A serial port is one of the machine that runs the collector."),
    )
    baud = forms.ChoiceField(
        label=_("Speed in baud"),
        required=False,
        choices=[
            ("", _("As usual: 9600, with M-Bus 2400, with DSMR 115200")),
            *((str(each), str(each)) for each in values.BAUDS),
        ],
        help_text=_("Of the serial port. With M-Bus behind a converter, that of the M-Bus."),
    )
    parity = forms.ChoiceField(
        label=_("Parity"),
        required=False,
        choices=[
            ("", _("As usual: none, with M-Bus even")),
            *((each.value, caption) for each, caption in values.PARITY_CAPTIONS.items()),
        ],
    )
    stop_bits = forms.ChoiceField(
        label=_("Stop bits"),
        required=False,
        choices=[("", _("As usual: 1")), *((str(each), str(each)) for each in values.STOP_BITS)],
    )
    pause_ms = forms.IntegerField(
        label=_("Pause between questions"),
        required=False,
        min_value=0,
        max_value=values.LONGEST_PAUSE_MS,
        help_text=_("In ms. Some meters and converters need a while before they hear the next question."),
    )

    def line_fields(self) -> list[forms.BoundField]:
        """This will return the fields that most people leave as they are."""
        return [self[name] for name in DETAILS]

    def plain_fields(self) -> list[forms.BoundField]:
        """This will return the others, in their order."""
        return [each for each in self if each.name not in DETAILS]

    @property
    def has_line_errors(self) -> bool:
        """Whether one of them must be corrected."""
        return any(name in self.errors for name in DETAILS)


def protocol_of(given: Mapping[str, Any]) -> values.BusProtocol:
    """This will return what is spoken; Modbus TCP where nothing was chosen."""
    return values.BusProtocol(given.get("protocol") or values.BusProtocol.MODBUS_TCP)


def line_of(given: Mapping[str, Any]) -> values.LineSettings:
    """This will return how the line is set, what was left open as it is usual for what is spoken."""
    usual = values.usual_line(protocol_of(given))
    return values.LineSettings(
        baud=int(given.get("baud") or usual.baud),
        parity=values.Parity(given.get("parity") or usual.parity),
        stop_bits=int(given.get("stop_bits") or usual.stop_bits),
        pause_ms=given.get("pause_ms") or 0,
    )


def written(protocol: values.BusProtocol, line: values.LineSettings) -> dict[str, Any]:
    """This will return what a form shows of a line that is there."""
    return {
        "protocol": protocol.value,
        "baud": str(line.baud),
        "parity": line.parity.value,
        "stop_bits": str(line.stop_bits),
        "pause_ms": line.pause_ms,
    }


def port_of(given: Mapping[str, Any]) -> int:
    """This will return the port that was typed, else the usual one of what is spoken; 0 of a serial port."""
    protocol = protocol_of(given)
    return 0 if protocol.is_serial else given.get("port") or values.USUAL_PORTS[protocol]
