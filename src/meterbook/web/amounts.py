"""Numbers that people type: with the separators of the page's language, or of programs."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from meterbook.web.templatetags import meterbook as tags

LONGEST = 40
_SIGNS = {ord("\u00a0"): " ", ord("\u202f"): " ", ord("\u2212"): "-", ord("\u2019"): "'"}
_WRITTEN = re.compile(r"(?a:([+-]?)(\d{1,3}(?:([., '])\d{3})(?:\3\d{3})*|\d+)(?:([.,])(\d+))?)")


def read(text: str, language: str) -> Decimal | None:
    """This will read 1234.5, 1,234.5, 1.234,5 and 1 234,5 as the same number; None when it is no number.

    Only a single separator before exactly three digits depends on the language: 1,234 is a thousand and more in
    English and one and a bit in Spanish; 1.234 the other way around.
    """
    found = _WRITTEN.fullmatch(text.strip().translate(_SIGNS)) if len(text) <= LONGEST else None
    if found is None:
        return None
    sign, whole, group, point, rest = found.groups()
    if group is not None and group == point:
        return None
    is_single = group in {".", ","} and point is None and whole.count(group) == 1
    if is_single and (group != tags.separators(language)[0] or whole.startswith("0")):
        whole, rest = whole.split(group)
    digits = re.sub(r"(?a:\D)", "", whole)
    return Decimal(f"{sign}{digits}.{rest}") if rest else Decimal(f"{sign}{digits}")


class NumberField(forms.CharField):
    """An exact number with at most `places` decimals, between `least` and `most` where they are given."""

    default_error_messages = {  # noqa: RUF012 - as Django declares it
        "number": _("Write a number, such as 1,234.50."),
        "places": _("Write at most %(places)s decimals."),
        "least": _("Write a number that is not below %(least)s."),
        "most": _("Write a number that is not above %(most)s."),
    }

    def __init__(
        self,
        *,
        places: int,
        least: Decimal | None = None,
        most: Decimal = Decimal(10) ** 12,
        **more: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(max_length=LONGEST, **more)
        self.places, self.least, self.most = places, least, most

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the number as a Decimal, or None when nothing was written.

        :raises forms.ValidationError: when it is no number, too fine, too small or too large
        """
        text = super().clean(value)
        if not text:
            return None
        number = read(text, translation.get_language() or "en")
        if number is None:
            raise forms.ValidationError(self.error_messages["number"], code="number")
        if -int(number.as_tuple().exponent) > self.places:
            raise forms.ValidationError(self.error_messages["places"], code="places", params={"places": self.places})
        if self.least is not None and number < self.least:
            raise forms.ValidationError(self.error_messages["least"], code="least", params={"least": self.least})
        if number > self.most:
            raise forms.ValidationError(self.error_messages["most"], code="most", params={"most": self.most})
        return number


def written(number: Decimal) -> str:
    """This will write a number into a field as the page's language does, without separators of thousands."""
    _thousands, point = tags.separators(translation.get_language() or "en")
    return f"{number:f}".replace(".", point)
