"""Customers, their accounts, and contracts: who pays for what a meter point measures, by which tariff, when."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Coalesce

from meterbook.customers import asking, values
from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.ledger import models as ledger_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models


class Customer(foundation_models.TenantModel):
    """A person or company that pays. A record that was merged names the one that it became part of."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10, default="en")
    tax_number = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True)
    kind = models.CharField(
        max_length=10, default=values.CustomerKind.PERSON.value, db_default=values.CustomerKind.PERSON.value
    )
    legal_name = models.CharField(max_length=values.NAME_LENGTH, blank=True, default="")
    phones = ArrayField(models.CharField(max_length=values.PHONE_LENGTH), default=list, blank=True)
    # Further addresses; bills go to `email`.
    emails = ArrayField(models.EmailField(), default=list, blank=True)
    messaging = ArrayField(models.CharField(max_length=values.MESSAGING_LENGTH), default=list, blank=True)
    notes = models.TextField(blank=True, default="")
    occupants = models.SmallIntegerField(null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=10, default=values.CustomerState.ACTIVE.value, db_default=values.CustomerState.ACTIVE.value
    )
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    reached_by = (("id", "customers"),)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code"], name="customer_code_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.CustomerKind]), name="customer_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.CustomerState]),
                name="customer_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state=values.CustomerState.MERGED.value, merged_into__isnull=False)
                | (~models.Q(state=values.CustomerState.MERGED.value) & models.Q(merged_into__isnull=True)),
                name="customer_merged_names_other",
            ),
            models.CheckConstraint(
                condition=models.Q(occupants__isnull=True) | models.Q(occupants__gte=0),
                name="customer_occupants_counted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Account(foundation_models.TenantModel):
    """What a customer owes and pays at a site. The landlord's account of a site takes what vacant units use (B-33).

    One of mode INTERNAL is a cost center (M-063): nobody is asked for money, and `receivable` is its expense account.
    """

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
    # The customer gave back all units then: what was used until that instant is on the final bill.
    moved_out_at = models.DateTimeField(null=True, blank=True)

    reached_by = (("site_id", "sites"), ("id", "accounts"))

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
    # What the meter showed when it began and ended: {"start": {...}, "end": {...}}, each as `values.SeenMeter.plain`.
    readings = models.JSONField(default=dict, blank=True)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="one_contract_at_a_time",
                expressions=[("meter_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} for {self.meter_point_id}"


class TariffDefault(foundation_models.TenantModel):
    """The tariff that contracts of a group are expected to have on days [from, until).

    The group: meter points of a service, at a site or all (None), in a building of it or all, of customers of a kind
    or all (empty).
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT, null=True, blank=True)
    building = models.ForeignKey(site_models.SiteNode, on_delete=models.PROTECT, null=True, blank=True)
    customer_kind = models.CharField(max_length=10, blank=True, default="")
    service = models.CharField(max_length=20)
    tariff = models.ForeignKey(tariff_models.Tariff, on_delete=models.PROTECT)
    during = DateRangeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="tariff_default_one_a_day",
                expressions=[
                    ("organization_id", RangeOperators.EQUAL),
                    (Coalesce("site_id", 0), RangeOperators.EQUAL),
                    (Coalesce("building_id", 0), RangeOperators.EQUAL),
                    ("customer_kind", RangeOperators.EQUAL),
                    ("service", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(customer_kind__in=["", *(each.value for each in values.CustomerKind)]),
                name="tariff_default_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(building__isnull=True) | models.Q(site__isnull=False),
                name="tariff_default_building_at_site",
            ),
        )

    def __str__(self) -> str:
        return f"{self.service}: {self.tariff_id}"


class TariffOverride(asking.AskedFor):
    """That an account has, or asks for, another tariff for a meter point than the `default` of that day."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT)
    tariff = models.ForeignKey(tariff_models.Tariff, on_delete=models.PROTECT, related_name="+")
    default = models.ForeignKey(tariff_models.Tariff, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    answer = models.CharField(max_length=values.REASON_LENGTH, blank=True, db_default="", default="")  # why refused

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.OverrideState]),
                name="tariff_override_state_known",
            ),
            models.UniqueConstraint(
                fields=["account", "meter_point", "starts_at"],
                condition=models.Q(state=values.OverrideState.WAITING.value),
                name="tariff_override_waits_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.meter_point_id}: {self.tariff_id}"


class Contact(foundation_models.TenantModel):
    """Somebody to ask about a customer's bills or use."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    name = models.CharField(max_length=values.NAME_LENGTH)
    roles = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=values.PHONE_LENGTH, blank=True)
    messaging = models.CharField(max_length=values.MESSAGING_LENGTH, blank=True)

    reached_by = (("customer_id", "customers"),)

    def __str__(self) -> str:
        return self.name


class Vulnerability(foundation_models.TenantModel):
    """That somebody must not be without supply, until when, and why: seen only by those who need to know."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT)
    is_medical = models.BooleanField()
    reason = models.CharField(max_length=500)
    until_date = models.DateField()
    noted_by = models.CharField(max_length=200)
    noted_at = models.DateTimeField()

    reached_by = (("customer_id", "customers"),)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.until_date}"


class Consent(foundation_models.TenantModel):
    """That a customer agreed to something, in which words (`text_version`), and when that ended."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    text_version = models.CharField(max_length=40)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    reached_by = (("customer_id", "customers"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.ConsentKind]), name="consent_kind_known"
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=models.Q(withdrawn_at__isnull=True), name="consent_once_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True) | models.Q(withdrawn_at__gte=models.F("given_at")),
                name="consent_withdrawn_later",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.text_version}"


class CustomerFile(foundation_models.TenantModel):
    """A document of a customer, such as a signed contract; it came through `documents.attachments`."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=200)
    added_at = models.DateTimeField()

    reached_by = (("customer_id", "customers"),)

    def __str__(self) -> str:
        return self.name


class Deposit(foundation_models.TenantModel):
    """That a deposit was agreed for an account: a fact, not a posting."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    currency = models.CharField(max_length=3)
    agreed_date = models.DateField()
    author = models.CharField(max_length=200)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="deposit_is_positive"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class SignIn(foundation_models.TenantModel):
    """That somebody who signs in is the tenant of an account: a user, or whoever accepts an invitation."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    user = models.ForeignKey(identity_models.User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invitation = models.ForeignKey(
        identity_models.Invitation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, invitation__isnull=True)
                | models.Q(user__isnull=True, invitation__isnull=False),
                name="sign_in_of_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="sign_in_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id}: {self.user_id or self.invitation_id}"


class SitePrivacy(foundation_models.TenantModel):
    """How finely the landlord sees the use of tenants who have not agreed to more; without a row the defaults hold."""

    site = models.OneToOneField(site_models.Site, on_delete=models.PROTECT)
    dwellings = models.CharField(max_length=10)
    commercial = models.CharField(max_length=10)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    dwellings__in=[each.value for each in values.Granularity],
                    commercial__in=[each.value for each in values.Granularity],
                ),
                name="site_privacy_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} {self.dwellings} {self.commercial}"


class FineLook(foundation_models.TenantModel):
    """That somebody of the organization looked at a tenant's use finer than by day; one row a person, day and way."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT)
    viewer = models.CharField(max_length=200)
    day = models.DateField()
    way = models.CharField(max_length=10)
    looked_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["contract", "viewer", "day", "way"], name="fine_look_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(way__in=[each.value for each in values.LookWay]), name="fine_look_way_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.viewer} {self.day}"
