"""What somebody chooses and types about a meter that was found; it is kept as it stands, right or not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.commissioning import transformers
from meterbook.web import amounts, typed
from meterbook.web.meters import ratio_fields

LONGEST_NOTE = 200  # letters
LARGEST = Decimal(10) ** 9
CLAMPS = {"1": "clamp_1", "2": "clamp_2", "3": "clamp_3", "": "clamp_1"}
SCALE_CAPTIONS = (
    ("0.001", _("÷ 1000")),
    ("0.01", _("÷ 100")),
    ("0.1", _("÷ 10")),
    ("1", _("as the type says")),
    ("10", _("× 10")),
    ("100", _("× 100")),
    ("1000", _("× 1000")),
)


class RatioField(ratio_fields.RatioField):
    """How many times a register counts; nothing is once."""

    def clean(self, value: Any) -> Fraction:  # noqa: ANN401 - as Django declares it
        """This will return the factor, 1 of nothing."""
        return super().clean(value) if str(value or "").strip() else Fraction(1)


def _number(label: Any, help_text: Any = "", **more: Any) -> amounts.NumberField:  # noqa: ANN401 - lazy texts
    facts = {"places": 3, "least": Decimal(0), "most": LARGEST, **more}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return amounts.NumberField(label=label, help_text=help_text, required=False, widget=widget, **facts)


class NotesForm(typed.Form):
    """The fields beside the values. `notes` are what is kept of them, by name."""

    display = _number(
        _("What does the display show?"), _("The total energy or volume, as it stands there; we find what reads it so.")
    )
    multiplier = RatioField(
        label=_("Multiplier"),
        required=False,
        help_text=_("Of the current transformers: 200/5 counts 40 times. Empty without transformers."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tolerance = _number(_("May differ by, in %"), _("Empty: 5 %."), places=1, least=Decimal("0.5"), most=Decimal(50))
    clamp_1 = _number(_("Clamp around L1, in A"))
    clamp_2 = _number(_("Clamp around L2, in A"))
    clamp_3 = _number(_("Clamp around L3, in A"))
    load = _number(_("Known load, in kW"), _("Such as 2 for a heater of 2 kW, when nothing else runs."))

    def kept(self) -> dict[str, str]:
        """This will return the texts to keep: numbers as programs write them, what is none as it was typed."""
        found: dict[str, str] = {}
        for name in self.fields:
            value = self.cleaned_data.get(name)
            given = str(self.data.get(name) or "").strip()[:LONGEST_NOTE]
            found[name] = f"{value:f}" if isinstance(value, Decimal) else given
        return found

    @property
    def tolerance_percent(self) -> Fraction:
        """By how many percent numbers may differ."""
        given = self.cleaned_data.get("tolerance")
        return Fraction(given) if given is not None else transformers.TOLERANCE

    def clamps(self, names: tuple[str, ...]) -> dict[str, Decimal]:
        """This will return what a clamp shows, by the phases that the meter has."""
        shown = {name: self.cleaned_data.get(CLAMPS[name]) for name in names}
        return {name: value for name, value in shown.items() if value is not None}

    @property
    def watts(self) -> Decimal | None:
        """The known load."""
        load: Decimal | None = self.cleaned_data.get("load")
        return load * 1000 if load is not None else None


def of_notes(notes: Mapping[str, str]) -> NotesForm:
    """This will return the form as it was left, with numbers as the reader's language writes them."""
    return NotesForm({name: _shown(name, text) for name, text in notes.items()})


def _shown(name: str, text: str) -> str:
    if name == "multiplier":
        return text
    try:
        return amounts.written(Decimal(text))
    except InvalidOperation:
        return text
