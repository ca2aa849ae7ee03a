"""Set what holds about corrections and disputes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


@operation.operation
def change_rules(*, actor: Actor, at: datetime, rules: correction_queries.Rules) -> None:
    """This will set the rules of the organization; what is so already stays unrecorded."""
    before = correction_queries.correction_rules()
    if before == rules:
        return
    found, _is_new = models.CorrectionRules.objects.update_or_create(
        organization_id=scoping.current().organization_id, defaults=asdict(rules)
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:change_correction_rules",
        subject=found,
        before=asdict(before),
        after=asdict(rules),
    )
