"""The field of a ratio: how many times a register counts."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from meterbook.web import amounts

RATIO_SIGN = re.compile(r"[/:]")
LARGEST, MOST_PLACES = Decimal(10) ** 9, 6


class RatioField(forms.CharField):
    """How many times a register counts: 40, 1.5 or 200/5, with the separators of the page's language."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> Fraction:  # noqa: ANN401 - as Django declares it
        """This will return the factor.

        :raises forms.ValidationError: when it is none, or zero
        """
        found = [_part(each) for each in RATIO_SIGN.split(super().clean(value))]
        parts = [each for each in found if each is not None]
        if len(parts) != len(found) or len(parts) > len(("primary", "secondary")):
            raise forms.ValidationError(_("Write a number above zero, such as 40, or a ratio such as 200/5."))
        return parts[0] / (parts[1] if len(parts) > 1 else 1)


def _part(text: str) -> Fraction | None:
    """A side of a ratio; None when it is no number above zero of at most nine digits and six decimals."""
    number = amounts.read(text, translation.get_language() or "en")
    if number is None or not 0 < number < LARGEST or not isinstance(places := number.as_tuple().exponent, int):
        return None
    return Fraction(number) if -places <= MOST_PLACES else None
