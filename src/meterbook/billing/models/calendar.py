"""Calendars by which runs start by themselves."""

from __future__ import annotations

from django.db import models

from meterbook.billing import cycles, values
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models


class BillingCalendar(foundation_models.TenantModel):
    """How often a site, or a group of its accounts, is billed, and what happens by itself.

    Accounts without a group of their own belong to the site's calendar. `cutoff_day` is a day of the month (31: the
    last) or of the week (1 is Monday). The run starts at the local `notice_hour` on the day after the cut-off. Where
    readings lack, they are waited for `grace_days`, then `on_missing` says what is done. A run is approved by itself
    where `is_auto_approved` and each bill differs by `tolerance_percent` at most from the one before.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=120)
    has_group = models.BooleanField(default=False)
    cycle = models.CharField(max_length=10, default=cycles.Cycle.MONTHLY.value)
    months = models.SmallIntegerField(default=1)
    cutoff_day = models.SmallIntegerField(default=cycles.LAST_DAY)
    starts_on = models.DateField()
    notice_hour = models.SmallIntegerField(default=8)
    due_days = models.SmallIntegerField(default=values.DUE_DAYS)
    grace_days = models.SmallIntegerField(default=3)
    on_missing = models.CharField(max_length=10, default=values.OnMissing.PERSON.value)
    is_auto_approved = models.BooleanField(default=False)
    tolerance_percent = models.SmallIntegerField(default=values.TOLERANCE_PERCENT)
    # Those who got no bill before have nothing to be compared with.
    approves_first = models.BooleanField(default=False)
    auto_approval_by = models.CharField(max_length=200, blank=True)
    settlement = models.CharField(max_length=10, default=values.TrueUpStrategy.RERUN.value)
    bundling = models.CharField(
        max_length=10, default=values.Bundling.TOGETHER.value, db_default=values.Bundling.TOGETHER.value
    )
    # Bills below it are posted, but not sent: the next one carries the balance. Null: all are sent.
    small_below = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    # Why it starts no run, while that is so.
    fault = models.CharField(max_length=300, blank=True, default="", db_default="")
    fault_since = models.DateTimeField(null=True, blank=True)
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    reached_by = (("site_id", "run_sites"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(is_active=True, has_group=False),
                name="billing_calendar_one_a_site",
            ),
            models.CheckConstraint(
                condition=models.Q(cutoff_day__gte=1, cutoff_day__lte=cycles.LAST_DAY)
                & (~models.Q(cycle=cycles.Cycle.WEEKLY.value) | models.Q(cutoff_day__lte=cycles.DAYS_A_WEEK)),
                name="billing_calendar_cutoff_known",
            ),
            models.CheckConstraint(
                condition=models.Q(months__gte=1, months__lte=cycles.MOST_MONTHS), name="billing_calendar_months_few"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "site"], name="billing_calendar_by_site"),)

    def __str__(self) -> str:
        return self.name


class CalendarAccount(foundation_models.TenantTable):
    """An account that is billed by the calendar of its group; by one at most."""

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(BillingCalendar, on_delete=models.CASCADE, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account"], name="calendar_account_once"),)
        indexes = (models.Index(fields=["calendar", "account"], name="calendar_account_by_calendar"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.account_id}"
