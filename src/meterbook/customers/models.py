"""Customers, their accounts, and contracts: who pays for what a meter point measures, by which tariff, when."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from meterbook.customers import values
from meterbook.foundation import models as foundation_models
from meterbook.ledger import models as ledger_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models


class Customer(foundation_models.TenantModel):
    """A person or company that pays."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, default="en")
    tax_number = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="customer_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Account(foundation_models.TenantModel):
    """What a customer owes and pays at a site. The landlord's account of a site takes what vacant units use (B-33)."""

    number = models.CharField(max_length=40)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    mode = models.CharField(max_length=10, default=values.AccountMode.POSTPAID.value)
    state = models.CharField(max_length=10, default=values.AccountState.ACTIVE.value)
    currency = models.CharField(max_length=3)
    is_landlord = models.BooleanField(default=False)
    # What vacant meter points are charged by; only on the landlord's account.
    vacancy_tariff = models.ForeignKey(tariff_models.Tariff, on_delete=models.PROTECT, null=True, blank=True)
    receivable = models.ForeignKey(ledger_models.LedgerAccount, on_delete=models.PROTECT)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "number"], name="account_number_once"),
            models.UniqueConstraint(
                fields=["site"], condition=models.Q(is_landlord=True), name="account_one_landlord_a_site"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=[each.value for each in values.AccountMode]), name="account_mode_known"
            ),
        )

    def __str__(self) -> str:
        return self.number


class Contract(foundation_models.TenantModel):
    """An account pays for a meter point by a tariff during [from, to)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT)
    tariff = models.ForeignKey(tariff_models.Tariff, on_delete=models.PROTECT)
    during = DateTimeRangeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="one_contract_at_a_time",
                expressions=[("meter_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} for {self.meter_point_id}"
