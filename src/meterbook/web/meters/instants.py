"""An instant as it is typed at a meter: minutes of the clock there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.web import parameters

WRITTEN = "%Y-%m-%dT%H:%M"


class InstantField(forms.Field):
    """A minute of the clock at the meter that is over; of an hour that comes twice, the first."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def __init__(self, *, zone: ZoneInfo, until: datetime, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(**kwargs)
        self.zone, self.until = zone, until

    def clean(self, value: Any) -> datetime | None:  # noqa: ANN401 - as Django declares it
        """This will return the instant in UTC.

        :raises forms.ValidationError: when it is none, skipped by the clock, too far away, or yet to come
        """
        text = super().clean(value)
        if not text:
            return None
        try:
            local = datetime.fromisoformat(str(text).strip()).replace(tzinfo=None, second=0, microsecond=0)
        except ValueError as error:
            words = _("Write the day and the time, such as 2026-07-01 14:30.")
            raise forms.ValidationError(words) from error
        if not parameters.EARLIEST_YEAR <= local.year <= parameters.LATEST_YEAR:
            raise forms.ValidationError(_("Take a day of this century."))
        at = local.replace(tzinfo=self.zone).astimezone(UTC)
        if at.astimezone(self.zone).replace(tzinfo=None) != local:
            raise forms.ValidationError(_("The clock skipped this hour on that day; take another time."))
        if at > self.until:
            raise forms.ValidationError(_("This lies ahead; take a time that is over."))
        return at


def shown(at: datetime, zone: ZoneInfo) -> str:
    """This will write an instant as the field takes it."""
    return at.astimezone(zone).strftime(WRITTEN)
