"""What people write about a supply area of gas and its values."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import gas_values
from meterbook.billing.operations import gas as gas_operations
from meterbook.kernel.quantity import Unit
from meterbook.web import amounts, parameters, typed

LARGEST_FILE = 1_000_000  # bytes
ENTERED, WORKED_OUT = "FACTOR", "WORKED_OUT"
COLDEST, HOTTEST = Decimal(-60), Decimal(100)


class AreaForm(typed.Form):
    """A supply area: which sites get the same gas."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    factor = amounts.NumberField(
        label=gettext_lazy("Conversion factor"),
        places=6,
        least=Decimal(0),
        required=False,
        help_text=gettext_lazy("Of all days, such as 0.9513. Empty: it is entered for days, as calorific values are."),
    )
    on_missing = forms.ChoiceField(
        label=gettext_lazy("Where a value is missing"),
        choices=[(each.value, caption) for each, caption in gas_values.ON_MISSING_VALUE_CAPTIONS.items()],
    )

    def __init__(self, *args: Any, sites: Sequence[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["sites"] = forms.MultipleChoiceField(
            label=gettext_lazy("Sites"),
            choices=sites,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def terms(self) -> gas_operations.AreaTerms:
        """This will return what was filled in."""
        given = self.cleaned_data
        return gas_operations.AreaTerms(
            name=given["name"],
            factor=given["factor"],
            on_missing=gas_values.OnMissingValue(given["on_missing"]),
            sites=[uuid.UUID(each) for each in given["sites"]],
        )


class NewAreaForm(AreaForm):
    """A supply area with the code by which files name it."""

    code = typed.CodeField(
        label=gettext_lazy("Code"), max_length=40, help_text=gettext_lazy("Files and programs name the area by it.")
    )


class ValueForm(typed.Form):
    """A value for some days."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            (gas_values.GasKind.CALORIFIC.value, gettext_lazy("Calorific value")),
            (ENTERED, gettext_lazy("Conversion factor")),
            (WORKED_OUT, gettext_lazy("Conversion factor, from temperature and pressure")),
        ],
    )
    first_day = parameters.DayField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = parameters.DayField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    value = amounts.NumberField(label=gettext_lazy("Value"), places=6, least=Decimal(0), required=False)
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit of a calorific value"),
        choices=[(each.value, f"{each.symbol}/m³") for each in gas_values.ENERGY_UNITS],
    )
    celsius = amounts.NumberField(
        label=gettext_lazy("Temperature of the gas, °C"), places=2, least=COLDEST, most=HOTTEST, required=False
    )
    mbar = amounts.NumberField(
        label=gettext_lazy("Absolute pressure, mbar"), places=2, least=Decimal(1), most=Decimal(100_000), required=False
    )
    compressibility = amounts.NumberField(
        label=gettext_lazy("Compressibility K"),
        places=6,
        least=Decimal("0.1"),
        most=Decimal(3),
        required=False,
        help_text=gettext_lazy("Empty: 1."),
    )

    def clean(self) -> dict[str, Any]:
        """This will ask for what the kind needs."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        needed = ("celsius", "mbar") if given.get("kind") == WORKED_OUT else ("value",)
        for name in needed:
            if given.get(name) is None and name not in self.errors:
                self.add_error(name, _("This is needed."))
        return given

    def value_given(self) -> gas_operations.NewValue:
        """This will return what was filled in."""
        given = self.cleaned_data
        first, until = given["first_day"], given["last_day"] + timedelta(days=1)
        if given["kind"] == WORKED_OUT:
            factor, told = gas_operations.worked_out(
                celsius=given["celsius"],
                mbar=given["mbar"],
                compressibility=given["compressibility"] or Decimal(1),
            )
            return gas_operations.NewValue(gas_values.GasKind.FACTOR, first, until, factor, worked_out=told)
        kind = gas_values.GasKind(given["kind"])
        unit = Unit.ONE if kind is gas_values.GasKind.FACTOR else Unit(given["unit"])
        return gas_operations.NewValue(kind, first, until, given["value"], unit)


class FileForm(typed.Form):
    """A CSV file with values of one area or several."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV with the columns area, kind, first_day, last_day, value, unit."),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )
    text = ""

    def clean_file(self) -> object:
        """This will read the file: afterwards `text` is what it holds."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 1 MB; give fewer values at once."))
        try:
            self.text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file is not written in UTF-8; save it as CSV UTF-8.")) from error
        if "\x00" in self.text:
            raise forms.ValidationError(_("This is no text file."))
        return file
