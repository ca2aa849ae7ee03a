"""Words of what a cubic meter of gas holds."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _

from meterbook.kernel.quantity import Unit

ENERGY_UNITS = (Unit.KWH, Unit.MJ)  # a normal cubic meter


class GasKind(enum.StrEnum):
    """What is entered for days."""

    CALORIFIC = "CALORIFIC"  # energy of a normal cubic meter
    FACTOR = "FACTOR"  # normal cubic meters in one as measured


GAS_KIND_CAPTIONS = {
    GasKind.CALORIFIC: _("Calorific value"),
    GasKind.FACTOR: _("Conversion factor"),
}


class OnMissingValue(enum.StrEnum):
    """What is done with an account whose days have no value."""

    HOLD = "HOLD"  # it waits
    ESTIMATE = "ESTIMATE"  # by the newest value before, marked, and settled when the value comes


ON_MISSING_VALUE_CAPTIONS = {
    OnMissingValue.HOLD: _("Hold the bill"),
    OnMissingValue.ESTIMATE: _("Take the value before, mark the bill as estimated, and settle it later"),
}


class GasOrigin(enum.StrEnum):
    """How a value came."""

    PAGE = "PAGE"
    CSV = "CSV"
    API = "API"


GAS_ORIGIN_CAPTIONS = {
    GasOrigin.PAGE: _("entered"),
    GasOrigin.CSV: _("from a file"),
    GasOrigin.API: _("from a program"),
}
