"""What is typed about the amounts and the end of a shared cost."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy

from meterbook.web import amounts, parameters, typed


class AmountForm(typed.Form):
    """What a cost was for some days."""

    amount = amounts.NumberField(label=gettext_lazy("Amount without tax"), places=4, least=-(Decimal(10) ** 12))
    first_day = parameters.DayField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = parameters.DayField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label=gettext_lazy("What for"), max_length=200, help_text=gettext_lazy("Such as: maintenance of the elevator.")
    )
    text_en = forms.CharField(label=gettext_lazy("What for, in English"), max_length=200, required=False)
    text_es = forms.CharField(label=gettext_lazy("What for, in Spanish"), max_length=200, required=False)
    reference = forms.CharField(label=gettext_lazy("Number of the invoice"), max_length=80, required=False)
    quantity = amounts.NumberField(
        label=gettext_lazy("Quantity on the invoice"), places=6, least=Decimal(0), required=False
    )
    unit = forms.CharField(label=gettext_lazy("Unit of the quantity"), max_length=20, required=False)


class EndForm(typed.Form):
    """The day from which nothing is shared any more."""

    ended_day = parameters.DayField(
        label=gettext_lazy("Not shared any more from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: it goes on."),
    )
