"""How long something lasted, in words."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _


def written(lasted: timedelta) -> str:
    """This will write a duration with its two largest parts: "2 d 3 h", "3 h 5 min", "12 min", "40 s"."""
    minutes, seconds = divmod(int(lasted.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(seconds)s s") % {"seconds": seconds}
