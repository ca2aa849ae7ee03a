"""What the first-run wizard asks."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.customers import tariff_defaults
from meterbook.kernel.money import Money
from meterbook.web import amounts, override_words, parameters, typed
from meterbook.web.sites import forms as site_forms

DAY = forms.DateInput(attrs={"type": "date"})
HUNDRED, MONTH_UNITS = Decimal(100), 100


class OrganizationForm(typed.Form):
    """What the organization is called."""

    name = forms.CharField(label=_("Name of your organization"), max_length=200, help_text=_("It heads your bills."))
    language = forms.ChoiceField(
        label=_("Language"), choices=site_forms.LANGUAGES, help_text=_("Of messages and bills, where nobody chose one.")
    )
    person = forms.CharField(
        label=_("Your own name"),
        max_length=200,
        help_text=_("Colleagues see it, and the record of changes keeps it beside what you do."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def __init__(self, data: object = None, *, initial: dict[str, str], is_nameless: bool) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        if not is_nameless:
            del self.fields["person"]


class PriceForm(typed.Form):
    """A flat price with its tax."""

    name = forms.CharField(label=_("Name of the tariff"), max_length=80)
    price = amounts.NumberField(places=8, least=Decimal(0), most=Decimal(10) ** 6)
    monthly = amounts.NumberField(
        places=4,
        least=Decimal(0),
        most=Decimal(10) ** 8,
        required=False,
        label=_("Fixed price a month"),
        help_text=_("What each customer pays whatever was used. Leave it empty for none."),
    )
    tax_name = forms.CharField(
        label=_("Name of the tax in English"), max_length=40, help_text=_("It stands on bills in that language.")
    )
    tax_name_es = forms.CharField(
        label=_("Name of the tax in Spanish"),
        max_length=40,
        required=False,
        help_text=_("Without one the English name stands there, too."),
    )
    tax_percent = amounts.NumberField(
        places=3,
        least=Decimal(0),
        most=Decimal(100),
        label=_("Tax in %"),
        help_text=_("On top of these prices; 0 for none."),
    )
    first_day = parameters.DayField(
        label=_("In force from"), widget=DAY, help_text=_("The first day that can be billed by it.")
    )

    def __init__(self, data: object = None, *, unit: str, currency: str, initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["price"].label = _("Price of one %(unit)s in %(currency)s") % {"unit": unit, "currency": currency}


@dataclass(frozen=True)
class Example:
    """What a month costs at a price: so many units, the fixed price, the tax on both."""

    quantity: str
    total: Money

    @classmethod
    def of(cls, given: dict[str, Any], unit: str, currency: str) -> Example:
        """This will work out what a month with 100 units costs: 100 at 0.25, and 21 percent on top, are 30.25."""
        net = given["price"] * MONTH_UNITS + (given["monthly"] or Decimal(0))
        total = net * (1 + given["tax_percent"] / HUNDRED)
        return cls(f"{MONTH_UNITS} {unit}", Money.of(total, currency).rounded())


class CustomerForm(typed.Form):
    """Who pays for the meter, and from when."""

    name = forms.CharField(label=_("Customer"), max_length=200, help_text=_("The person or company that pays."))
    unit = typed.CodeField(
        label=_("Unit"),
        max_length=40,
        required=False,
        help_text=_("What the meter supplies: a flat, a shop. Leave it empty where it is the whole site."),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Bills go there; without an address they are printed.")
    )
    number = typed.CodeField(label=_("Account number"), max_length=40, help_text=_("It stands on every bill."))
    first_day = parameters.DayField(label=_("Pays since"), widget=DAY, help_text=_("From midnight at the site."))

    def __init__(self, data: object = None, *, first: date, today: date, initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.first, self.today = first, today
        if tariff_defaults.has_any():
            self.fields["reason"] = override_words.reason_field()

    def clean_first_day(self) -> date:
        """This will refuse a day on which the meter did not hang there yet, and one that has not come."""
        day: date = self.cleaned_data["first_day"]
        if day < self.first:
            words = _("The meter hangs there since %(day)s; take that day or a later one.")
            raise forms.ValidationError(words, params={"day": self.first.isoformat()})
        if day > self.today:
            raise forms.ValidationError(_("That day has not begun yet; take an earlier one."))
        return day


def free_number(taken: Collection[str]) -> str:
    """This will propose an account number that nobody has: 1001, 1002 and so on."""
    return next(text for number in itertools.count(1001) if (text := str(number)) not in taken)
