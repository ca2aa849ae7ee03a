"""The offset that the name of a time column tells: “Time (UTC)”, “timestamp_utc”, “Hora GMT-5”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import refuse

_TOLD = re.compile(
    r"(?<![a-z])(?:utc|gmt)(?:\s*(?P<sign>[+-])\s*0?(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?)?(?![a-z])",
    re.IGNORECASE,
)
_MOST_HOURS = {"+": 14, "-": 12}


def named(mapping: Mapping, times: Sequence[datetime], notes: list[str]) -> Mapping:
    """This will return the mapping with the zone that its time column tells, unless one was given or the times tell
    their own offset.

    :raises FileInvalid: when the offset is none of whole hours, which has no name among zones
    """
    found = _TOLD.search(mapping.time_column)
    if mapping.zone or found is None or any(each.tzinfo is not None for each in times):
        return mapping
    sign, hours, minutes = found["sign"], int(found["hours"] or 0), int(found["minutes"] or 0)
    if minutes or (sign and hours > _MOST_HOURS[sign]):
        raise refuse(
            _("The column tells the offset %(offset)s, which is none of whole hours.") % {"offset": found[0]},
            _("Name the zone of the file, such as Asia/Kolkata."),
            column=mapping.time_column,
        )
    # The names of these zones count westward: Etc/GMT-1 is UTC+1.
    zone = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if hours else "UTC"
    notes.append(_("Times are those of %(zone)s all year, as their column tells.") % {"zone": found[0]})
    return replace(mapping, zone=zone)
