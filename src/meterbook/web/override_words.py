"""Asking why another tariff than the default is to hold, and how that stands, in words (M-057)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.customers import values


def reason_field() -> forms.CharField:
    """This will make the field that asks why another tariff than the default is to hold."""
    return forms.CharField(
        label=_("Why not the default tariff"),
        required=False,
        max_length=values.REASON_LENGTH,
        help_text=_("Only where the tariff is not the default. A second person approves it; until then it waits."),
    )
