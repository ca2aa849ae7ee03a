"""What an address or a form gives a page, made safe in one place: search words, numbers of pages, days."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.kernel import signs

LONGEST_SEARCH = 100
MOST_DIGITS = 6  # of a page number: a list of 999,999 pages is longer than any
# Before and after, time zones and what the database can store end sooner than a typing mistake is noticed.
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100


def search(request: HttpRequest, name: str = "q") -> str:
    """This will return the words to look for, without spaces around and at most 100 characters.

    Invisible signs that came along with a pasted word are passed over.

    :raises BadRequest: when there are signs in them that no text has, such as NUL
    """
    words = request.GET.get(name, "").strip()[:LONGEST_SEARCH]
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in words):
        raise BadRequest(_("The words to look for hold signs that cannot be written; type them anew."))
    return signs.without(words)


def page_number(request: HttpRequest, name: str = "page") -> int:
    """This will return the number of the page that is asked for, from 1 on; what is no number is the first page.

    :raises Http404: when no list is that long
    """
    text = request.GET.get(name, "").strip()
    if not (text.isascii() and text.isdigit()):
        return 1
    if len(text.lstrip("0")) > MOST_DIGITS:
        raise Http404(_("The list has no such page; start again from its first page."))
    return max(1, int(text))


def is_text(words: str) -> bool:
    """This will tell whether the words hold only what their writer sees: no controls, no surrogates."""
    return signs.find(words) is None


def written(words: str, most: int) -> str:
    """This will return what was typed into a form without spaces around, cut to a length, without what nobody types."""
    in_lines = words.strip().replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return signs.composed(signs.without(in_lines, lines=True))[:most]


class DayField(forms.DateField):
    """A day as year-month-day, of the years 1990 to 2100. No other order: 1/2/2026 is two days in two languages."""

    input_formats = ("%Y-%m-%d",)
    default_error_messages = {  # noqa: RUF012 - as Django declares it
        "invalid": gettext_lazy("Write the day as year-month-day, such as 2026-07-01."),
        "years": gettext_lazy("Take a day of the years %(earliest)s to %(latest)s."),
    }

    def clean(self, value: Any) -> date | None:  # noqa: ANN401 - as Django declares it
        """This will return the day.

        :raises forms.ValidationError: when it is none, or lies too far away
        """
        day: date | None = super().clean(value)
        if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            facts = {"earliest": EARLIEST_YEAR, "latest": LATEST_YEAR}
            raise forms.ValidationError(self.error_messages["years"], code="years", params=facts)
        return day
