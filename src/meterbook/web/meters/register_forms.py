"""Which registers are read of a meter that people read: a usual choice, single ones, their first numbers."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.metering import by_hand
from meterbook.metering import values as metering_values
from meterbook.metering.values import Service
from meterbook.web import amounts
from meterbook.web.meters import hearing_forms

PLACES = 3
_GROUPS: tuple[tuple[str, Promise, Service], ...] = (
    ("for-electricity", _("Electricity"), Service.ELECTRICITY),
    ("for-heat", _("Heating, cooling, steam"), Service.HEATING),
)


class RegistersForm(hearing_forms.HearingForm):
    """The registers beside the main one. A number at the start chooses its register, too."""

    registers = forms.ChoiceField(
        label=_("Registers"),
        required=False,
        help_text=_(
            "What is read of the meter beside its main counter; below goes what each showed on the first day."
            " More can be added later."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        self.fields["registers"].choices = _presets()  # type: ignore[attr-defined]
        for code in by_hand.FURTHER:
            kind = metering_values.series_type(code)
            self.fields[f"register_{code}"] = forms.BooleanField(label=str(kind.caption), required=False)
            self.fields[f"shown_{code}"] = amounts.NumberField(
                places=PLACES,
                least=Decimal(0),
                required=False,
                label=_("%(register)s, on the first day (%(unit)s)")
                % {"register": kind.caption, "unit": kind.unit.symbol},
            )

    def register_groups(self) -> list[tuple[str, str, list[tuple[forms.BoundField, forms.BoundField]]]]:
        """This will return the registers by kinds of services: the class of the group, its name, its fields."""
        return [
            (
                name,
                str(caption),
                [(self[f"register_{code}"], self[f"shown_{code}"]) for code in by_hand.offered(service)[1:]],
            )
            for name, caption, service in _GROUPS
        ]

    @property
    def has_registers(self) -> bool:
        """Whether registers beside the main one were chosen, or something about one is wrong."""
        if self["registers"].value() in {each.code for each in by_hand.PRESETS if each.registers}:
            return True
        names = [f"{part}_{code}" for code in by_hand.FURTHER for part in ("register", "shown")]
        return any(name in self.errors or self[name].value() for name in names)

    def check_registers(self, given: dict[str, Any]) -> None:
        """This will refuse registers that a meter of the service does not have."""
        service = given.get("service")
        if not service:
            return
        offered = by_hand.offered(Service(service))[1:]
        words = gettext("A meter of this service does not count that; leave it out.")
        chosen = given.get("registers")
        if chosen and any(each not in offered for each in by_hand.preset(chosen).registers):
            self.add_error("registers", words)
        for code in self._single(given):
            if code not in offered:
                self.add_error(f"register_{code}", words)

    def further(self) -> dict[str, Decimal | None]:
        """This will return the chosen registers with what they showed on the first day, by series code."""
        given = self.cleaned_data
        usual = by_hand.preset(given["registers"]).registers if given.get("registers") else ()
        chosen = {*usual, *self._single(given)}
        return {code: given.get(f"shown_{code}") for code in by_hand.FURTHER if code in chosen}

    def _single(self, given: dict[str, Any]) -> Collection[str]:
        return [
            code for code in by_hand.FURTHER if given.get(f"register_{code}") or given.get(f"shown_{code}") is not None
        ]


def _presets() -> list[tuple[str, str | Promise]]:
    return [(each.code, each.caption) for each in by_hand.PRESETS]
