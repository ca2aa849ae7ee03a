"""Why an account is held, or a draft should be looked at, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import dateformat, formats
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from meterbook.billing import values

# In the data of a reason, as the calculation wrote them:
EDGES = frozenset({"start", "end"})  # instants
FIGURES = frozenset({"used", "most", "usual"})  # numbers
# Of `values.HoldReason.NO_CHANNEL` the name, of intervals of a further register the register.
CHANNELS = {
    "EXPORT": _("what is fed in"),
    "REACTIVE_IMPORT": _("reactive energy"),
    "REACTIVE_EXPORT": _("reactive energy given back"),
    "APPARENT": _("apparent energy"),
    "VOLUME": _("the water that flowed"),
    "IMPORT_T1": _("the meter's tariff register T1"),
    "IMPORT_T2": _("the meter's tariff register T2"),
    "IMPORT_T3": _("the meter's tariff register T3"),
    "IMPORT_T4": _("the meter's tariff register T4"),
}


@dataclass(frozen=True)
class Reason:
    """Why an account is held, where, and what to do about it."""

    code: values.HoldReason
    meter_point: str
    data: Mapping[str, str | int]

    @classmethod
    def read(cls, stored: str | Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
        """This will read what is stored with a held account; older ones have no data until they are checked again."""
        found = json.loads(stored) if isinstance(stored, str) else stored
        return tuple(
            cls(values.HoldReason(each["reason"]), each["meter_point"], each.get("data", {})) for each in found
        )

    @property
    def caption(self) -> str:
        """What is wrong."""
        return str(values.HOLD_REASON_CAPTIONS[self.code])

    @property
    def detail(self) -> str:
        """Which intervals, which tariff; empty when there is no more to say."""
        if not self.data:
            return ""
        written = {key: _written(key, value) for key, value in self.data.items()}
        if self.code is values.HoldReason.NO_CHANNEL:
            written["name"] = _channel(self.data["name"])
        said = str(values.HOLD_DETAILS[self.code]) % written
        return f"{_channel(self.data['register'])}: {said}" if "register" in self.data else said

    @property
    def remedy(self) -> str:
        """What to do."""
        return str(values.HOLD_REMEDIES[self.code])


def _channel(code: str | int) -> str:
    return str(capfirst(CHANNELS.get(str(code), str(code))))


def _written(key: str, value: str | int) -> str | int:
    if key in EDGES:
        return _instant(value)
    return str(formats.number_format(value, use_l10n=True, force_grouping=True)) if key in FIGURES else value


def _instant(stored: str | int) -> str:
    there = datetime.fromisoformat(str(stored))
    return f"{dateformat.format(there, formats.get_format('SHORT_DATE_FORMAT'))} {there:%H:%M}"
