"""Which estimated bills were settled by which later one."""

from __future__ import annotations

from django.db import models

from meterbook.billing.models.runs import Bill, BillDraft
from meterbook.customers import models as customer_models
from meterbook.foundation import models as foundation_models


class TrueUp(foundation_models.TenantTable):
    """That a draft settles the estimates of an earlier bill (B-22); it goes with the draft. A bill is settled once."""

    id = models.BigAutoField(primary_key=True)
    draft = models.ForeignKey(BillDraft, on_delete=models.CASCADE, db_index=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, db_index=False)
    account = models.ForeignKey(customer_models.Account, on_delete=models.PROTECT, db_index=False)
    net = models.DecimalField(max_digits=24, decimal_places=4)

    privileges = ("SELECT", "INSERT", "DELETE")

    reached_by = (("account_id", "accounts"),)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["bill"], name="true_up_once_a_bill"),)
        indexes = (models.Index(fields=["draft"], name="true_up_of_draft"),)

    def __str__(self) -> str:
        return f"{self.draft_id} {self.bill_id}"
