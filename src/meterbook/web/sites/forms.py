"""What is typed to set up a site."""

from __future__ import annotations

import functools
import itertools
import zoneinfo
from collections.abc import Collection

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.kernel import currency as currencies
from meterbook.kernel import zone_names
from meterbook.sites import queries as site_queries
from meterbook.web import typed

LANGUAGES = (("en", "English"), ("es", "Español"))


class SiteForm(typed.Form):
    """A property with its time zone, currency and language."""

    name = forms.CharField(label=_("Name"), max_length=200, help_text=_("As people call the property."))
    code = typed.CodeField(
        label=_("Code"), max_length=40, help_text=_("Short and unique. It stands in files and commands.")
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("Type a city, such as Madrid. Days, hours of tariffs and bills follow its clock."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=_("Currency"),
        max_length=40,
        help_text=_("Its three letters, such as EUR for the euro. Bills of the site are in it."),
        widget=forms.TextInput(attrs={"list": "currencies", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, help_text=_("Of bills, where the customer has not chosen one.")
    )

    def clean_time_zone(self) -> str:
        """This will return the zone's own spelling: madrid and Europe/madrid are no names of the database."""
        return zone_named(str(self.cleaned_data["time_zone"]))

    def clean_currency(self) -> str:
        """This will return the code in capitals."""
        given = str(self.cleaned_data["currency"])
        code = currencies.code_of(given)
        if code is None:
            raise forms.ValidationError(
                _("“%(currency)s” is not a currency; write its three letters, such as EUR, MXN or USD."),
                params={"currency": given},
            )
        return code


def zone_named(given: str) -> str:
    """This will return the zone that a name or a city means, in the zone database's own spelling.

    :raises forms.ValidationError: when there is no such zone, or more than one
    """
    found = zone_names.find(given)
    if len(found) == 1:
        return found[0]
    offered = ", ".join(found or zone_names.near(given))
    if offered:
        words = _("“%(zone)s” is not clear. Do you mean one of these: %(offered)s?")
        raise forms.ValidationError(words, params={"zone": given, "offered": offered})
    raise forms.ValidationError(
        _("“%(zone)s” is no time zone that we know; take the next large city, such as Madrid."), params={"zone": given}
    )


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
