"""The words for how a meter stands."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.monitoring.values import MeterState


def captions() -> dict[MeterState, str]:
    """This will return the words for the states of meters that are read live, the good one first."""
    return {
        MeterState.OK: _("On time"),
        MeterState.LATE: _("Late"),
        MeterState.SILENT: _("Silent"),
        MeterState.NEVER: _("Never reported"),
    }
