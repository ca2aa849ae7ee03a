"""What is typed to open an account, and to let it pay for a meter point."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.customers import queries as customer_queries
from meterbook.customers import tariff_defaults
from meterbook.sites import queries as site_queries
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import override_words, parameters, typed
from meterbook.web.billing import words

LANGUAGES = [("en", "English"), ("es", "Español")]


class AccountForm(typed.Form):
    """A customer with a first account."""

    site = forms.ChoiceField(label=_("Site"))
    number = typed.CodeField(
        label=_("Account number"),
        max_length=40,
        help_text=_("It stands on every bill. The next free one is proposed; write another if you like."),
    )
    name = forms.CharField(label=_("Customer"), max_length=200, help_text=_("The person or company that pays."))
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Bills go there; without an address they are printed.")
    )
    language = forms.ChoiceField(label=_("Language of the bills"), choices=LANGUAGES)
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    is_landlord = forms.BooleanField(
        label=_("This is the landlord's account"),
        required=False,
        help_text=_("It pays for what vacant units use. Each site has one."),
    )
    is_internal = forms.BooleanField(
        label=_("This is a cost center"),
        required=False,
        help_text=_(
            "A department of your own: it gets charge-back statements without tax and bill number, and is never asked"
            " for money."
        ),
    )
    vacancy_tariff = forms.ChoiceField(
        label=_("Tariff of vacant units"),
        required=False,
        help_text=_(
            "Only for the landlord's account. For meters that it does not price, such as those of water, the default"
            " tariff of their service holds: Customers > Contracts >"
            " Default tariffs."
        ),
    )

    def __init__(
        self,
        data: object = None,
        *,
        on: date,
        usual: str = "",
        number: str = "",
        language: str = "",
        is_landlord: bool = False,
        is_internal: bool = False,
    ) -> None:
        initial = {"site": usual, "number": number, "is_landlord": is_landlord, "is_internal": is_internal}
        initial["language"] = language
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        found = sites()
        asks = [] if usual or len(found) == 1 else [("", _("Choose a site"))]
        self.fields["site"].choices = [*asks, *found]  # type: ignore[attr-defined]
        self.fields["vacancy_tariff"].choices = [("", "–"), *tariffs(on)]  # type: ignore[attr-defined]

    def clean(self) -> None:
        """This will refuse a tariff of vacant units where none are paid for, and a cost center that is the landlord."""
        if self.cleaned_data.get("is_internal") and self.cleaned_data.get("is_landlord"):
            self.add_error(
                "is_internal",
                _("The landlord's account takes vacancies and is no cost center; open two accounts."),
            )
        if self.cleaned_data.get("vacancy_tariff") and not self.cleaned_data.get("is_landlord"):
            self.add_error(
                "vacancy_tariff",
                _("Only the landlord's account pays for vacant units: mark it as that, or take no tariff here."),
            )


class ContractForm(typed.Form):
    """A meter point, a tariff, and from when."""

    meter_point = forms.ChoiceField(
        label=_("Meter point"), help_text=_("Of one that somebody pays for, end that contract first.")
    )
    tariff = forms.ChoiceField(label=_("Tariff"))
    first_day = parameters.DayField(
        label=_("First day"),
        help_text=_("From midnight at the meter."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: object = None, *, site_id: int, currency: str, zone: ZoneInfo, at: datetime) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["meter_point"].choices = meter_points(site_id, zone, at)  # type: ignore[attr-defined]
        self.fields["tariff"].choices = tariffs(at.date(), currency)  # type: ignore[attr-defined]
        if tariff_defaults.has_any():
            self.fields["reason"] = override_words.reason_field()


class EndForm(typed.Form):
    """The day from which a contract no longer holds."""

    until_day = parameters.DayField(label=_("Vacant from"))


def sites() -> list[tuple[str, str]]:
    """This will list the sites to choose from."""
    return [(str(each.public_id), each.name) for each in site_queries.reached_sites()]


def meter_points(site_id: int, zone: ZoneInfo, at: datetime) -> list[tuple[str, str]]:
    """This will list the meter points of a site to choose from: first those that nobody pays for, then who pays."""
    found = sorted(customer_queries.list_points(site_id=site_id, at=at), key=lambda each: bool(each.payer))
    return [(str(each.public_id), f"{each.code} {each.name}{_paid(each, zone)}") for each in found]


def _paid(point: customer_queries.PointRow, zone: ZoneInfo) -> str:
    if not point.payer:
        return ""
    if point.paid_until is None:
        return gettext(" · %(account)s pays") % {"account": point.payer}
    day = formats.date_format(point.paid_until.astimezone(zone), "SHORT_DATE_FORMAT")
    return gettext(" · %(account)s pays until %(day)s") % {"account": point.payer, "day": day}


def tariffs(on: date, currency: str | None = None) -> list[tuple[str, str]]:
    """This will list the tariffs to choose from, of one currency or of all."""
    found = tariff_queries.list_tariffs(on=on)
    return [
        (str(each.public_id), f"{words.said(each.names)} ({each.code})")
        for each in found
        if currency in (None, each.currency)
    ]
