"""What is typed to set up a site."""

from __future__ import annotations

import functools
import itertools
import zoneinfo
from collections.abc import Collection

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.kernel import currency as currencies
from meterbook.sites import queries as site_queries

LANGUAGES = (("en", "English"), ("es", "Español"))


class SiteForm(forms.Form):
    """A property with its time zone, currency and language."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As people call the property."))
    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("Short and unique. It stands in files and commands.")
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("Such as Europe/Madrid; type a city. Days, hours of tariffs and bills follow it."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=_("Currency"),
        max_length=3,
        help_text=_("Three letters, such as EUR. Bills of the site are in it."),
        widget=forms.TextInput(attrs={"list": "currencies", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, help_text=_("Of bills, where the customer has not chosen one.")
    )

    def clean_time_zone(self) -> str:
        """This will return the zone's own spelling: madrid and Europe/madrid are no names of the database."""
        given = str(self.cleaned_data["time_zone"])
        by_small = {each.lower(): each for each in zoneinfo.available_timezones()}
        found = by_small.get(given.lower().replace(" ", "_"))
        if found is None:
            raise forms.ValidationError(
                _("“%(zone)s” is not a time zone; take a name such as Europe/Madrid."), params={"zone": given}
            )
        return found

    def clean_currency(self) -> str:
        """This will return the code in capitals."""
        given = str(self.cleaned_data["currency"]).upper()
        if given not in currencies.MINOR_UNITS:
            raise forms.ValidationError(
                _("“%(currency)s” is not a currency; take a code such as EUR, MXN or USD."), params={"currency": given}
            )
        return given


def suggested(sites: Collection[site_queries.SiteRow], language: str) -> dict[str, str]:
    """This will return what a form for one more site begins with: what the others have, and a free code."""
    taken = {each.code for each in sites}
    code = next(text for number in itertools.count(1) if (text := f"S{number}") not in taken)
    latest = max(sites, key=lambda each: each.id, default=None)
    return {
        "code": code,
        "time_zone": latest.zone.key if latest else "",
        "currency": latest.currency if latest else "",
        "language": latest.language if latest else language,
    }


@functools.cache
def time_zones() -> tuple[str, ...]:
    """This will list the zones that places have."""
    return tuple(sorted(each for each in zoneinfo.available_timezones() if "/" in each and not each.startswith("Etc/")))
