"""Calendars of holidays and special tariff days, each a row of versions that are never changed."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.rules import values


class HolidayCalendar(foundation_models.TenantModel):
    """The holidays of a region. Tariffs name it by its code; which days it holds, its newest version says."""

    code = models.CharField(max_length=values.CODE_LENGTH)
    name = models.CharField(max_length=values.NAME_LENGTH)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="holiday_calendar_code_once"),)

    def __str__(self) -> str:
        return self.code


class HolidayVersion(foundation_models.TenantTable):
    """All days of a calendar from one change to the next: [[date, name, kind]] in the order of dates."""

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(HolidayCalendar, on_delete=models.PROTECT, db_index=False)
    number = models.IntegerField()
    days = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (models.UniqueConstraint(fields=["calendar", "number"], name="holiday_version_once"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.number}"
