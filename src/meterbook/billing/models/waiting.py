"""What calendars started, and accounts that wait for a bill of their own."""

from __future__ import annotations

from django.contrib.postgres.fields import DateRangeField
from django.db import models

from meterbook.billing import values
from meterbook.billing.models.calendar import BillingCalendar
from meterbook.billing.models.runs import BillRun
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models


class CalendarPeriod(foundation_models.TenantTable):
    """A period that a calendar has begun with: once, whatever is killed. `run` null: it could not start yet, or
    nobody was to be billed; `trouble` says which."""

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(BillingCalendar, on_delete=models.PROTECT, db_index=False)
    days = DateRangeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, default=values.PeriodState.WAITS.value)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, null=True, db_index=False)
    trouble = models.CharField(max_length=300, blank=True)
    tried_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["calendar", "days"], name="calendar_period_once"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.days}"


class WaitingAccount(foundation_models.TenantTable):
    """An account that was put aside from a run so that the others need not wait: a run of its own follows.

    READINGS: when its readings are there, at the latest at `until_at`. PERSON: at once, for a person to look at.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    why = models.CharField(max_length=8)
    until_at = models.DateTimeField()
    put_aside_at = models.DateTimeField()
    put_aside_by = models.CharField(max_length=200)
    is_settled = models.BooleanField(default=False)
    follow_up = models.ForeignKey(BillRun, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "account"], name="waiting_account_once"),)
        indexes = (
            models.Index(
                fields=["organization_id", "until_at"],
                condition=models.Q(is_settled=False),
                name="waiting_account_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run_id} {self.account_id}"
