"""What-ifs that are too large for somebody to wait for: what was asked, and what came out, part by part."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models


class WhatIf(foundation_models.TenantModel):
    """History priced by other prices in the background: `done` of `accounts` are priced so far; no bill changes by it.

    `scope` is what narrowed the accounts (site, tariff, numbers, service), `document` the prices as they were when it
    was asked for; null: what contracts say. `summary` is `whatif.sums.Sums.plain` of all parts, null before they are
    done. It is forgotten at `keep_until`.
    """

    first_day = models.DateField()
    until_day = models.DateField()
    scope = models.JSONField(default=dict)
    # The sites of all its accounts: who may not look at one of them does not see it.
    site_ids = ArrayField(models.BigIntegerField())
    prices_text = models.CharField(max_length=300, blank=True)
    document = models.JSONField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    accounts = models.IntegerField()
    done = models.IntegerField(default=0)
    canceled_at = models.DateTimeField(null=True, blank=True)
    summary = models.JSONField(null=True, blank=True)
    keep_until = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["organization_id", "-asked_at"], name="what_if_newest"),)

    def __str__(self) -> str:
        return f"{self.first_day} {self.done}/{self.accounts}"


class WhatIfPart(foundation_models.TenantTable):
    """Accounts of a what-if that are priced in one transaction; `found` is `whatif.sums.Sums.plain`, null before.

    What single accounts came to is in `WhatIfAccount`.
    """

    id = models.BigAutoField(primary_key=True)
    what_if = models.ForeignKey(WhatIf, on_delete=models.PROTECT, related_name="parts")
    account_ids = ArrayField(models.BigIntegerField())
    found = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.what_if_id} {len(self.account_ids)}"


class WhatIfAccount(foundation_models.TenantTable):
    """What an account of a what-if came to; `troubles` are days that cannot be priced, as `whatif.sums` writes them."""

    id = models.BigAutoField(primary_key=True)
    what_if = models.ForeignKey(WhatIf, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    bills = models.IntegerField()
    months = models.IntegerField()
    before = models.DecimalField(max_digits=24, decimal_places=4)
    after = models.DecimalField(max_digits=24, decimal_places=4)
    change = models.DecimalField(max_digits=24, decimal_places=4)
    is_touched = models.BooleanField()
    troubles = models.JSONField(default=list)

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["what_if", "account"], name="what_if_account_once"),)
        # The list is read by what accounts lose, a page at a time.
        indexes = (models.Index(fields=["what_if", "-change"], name="what_if_by_change"),)

    def __str__(self) -> str:
        return f"{self.what_if_id} {self.account_id}"
