"""Another tariff for many contracts at once: each is cut in two, or none of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.audit import chain
from meterbook.audit import operations as audit_operations
from meterbook.customers import models, operations, overriding, tenancies
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.tariffs import models as tariff_models


@dataclass(frozen=True)
class Assigned:
    """How many contracts go on by a tariff, and for how many it waits for a second person."""

    changed: int
    waiting: int


@operation.operation
def assign_tariff(
    *, actor: Actor, at: datetime, tariff: uuid.UUID, starts: Mapping[uuid.UUID, datetime], reason: str = ""
) -> Assigned:
    """This will let a tariff hold for contracts from an instant on, each its own.

    Each contract ends there, and another one goes on. One entry of the trail tells of all, with the digest of its rows.
    Where it overrides a default and needs a second person, it waits. Whoever calls it has made sure that nothing after
    those instants is billed, and that units fit.

    :param starts: instants by the public ids of contracts
    :param reason: why another tariff than the default is to hold, where one is
    :raises operations.NotThere: when the organization has no such tariff
    :raises operations.ContractMisfit: when the currency of an account differs
    :raises tenancies.ContractNotThere: when the organization has not all of the contracts
    :raises tenancies.EndMisplaced: when a contract does not run at its instant
    :raises overriding.OverrideUnreasoned: without a reason for another tariff than a default
    """
    owner = scoping.current().organization_id
    wanted = tariff_models.Tariff.objects.filter(organization_id=owner, public_id=tariff).first()
    if wanted is None:
        raise operations.NotThere(_("There is no such object in this organization."))
    contracts = models.Contract.objects.select_for_update(of=("self",)).filter(
        organization_id=owner, public_id__in=list(starts)
    )
    held = list(contracts.select_related("account__customer", "meter_point__site", "tariff").order_by("id"))
    if len(held) < len(starts):
        raise tenancies.ContractNotThere(_("There is no such contract."))
    asked = [
        overriding.Asked(each.account, each.meter_point, wanted, starts[each.public_id], each.tariff) for each in held
    ]
    settled = overriding.settle(actor=actor, at=at, asked=asked, reason=reason)
    changing = [each for each, holds in zip(held, settled, strict=True) if holds.pk == wanted.pk]
    if changing:
        _store(actor, at, wanted, changing, starts)
    return Assigned(len(changing), len(held) - len(changing))


def _store(
    actor: Actor,
    at: datetime,
    wanted: tariff_models.Tariff,
    held: list[models.Contract],
    starts: Mapping[uuid.UUID, datetime],
) -> None:
    following = [_cut(each, wanted, starts[each.public_id]) for each in held]
    rows = [
        {
            "contract": str(each.public_id),
            "account": each.account.number,
            "meter_point": each.meter_point.code,
            "before": each.tariff.code,
            "starts_at": starts[each.public_id],
        }
        for each in held
    ]
    own = models.Contract.objects.filter(organization_id=scoping.current().organization_id)
    own.bulk_update(held, ["during", "readings"], batch_size=500)
    models.Contract.objects.bulk_create(following, batch_size=500)
    first = min(starts[each.public_id] for each in held)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:assign_tariff",
        subject=wanted,
        before={"tariffs": ", ".join(sorted({each.tariff.code for each in held}))},
        after={
            "tariff": wanted.code,
            "starts_at": first,
            "contracts": len(held),
        },
        rows=chain.digest_of_rows(rows),
    )


def _cut(contract: models.Contract, tariff: tariff_models.Tariff, starts_at: datetime) -> models.Contract:
    """Ends a contract, and makes the one that goes on; neither is stored yet."""
    start, ends_at = contract.during.lower, contract.during.upper
    if starts_at <= start or (ends_at is not None and starts_at >= ends_at):
        raise tenancies.EndMisplaced(
            _("The contract for %(point)s does not run at that instant, or begins then.")
            % {"point": contract.meter_point.code}
        )
    if contract.account.currency != tariff.currency:
        raise operations.ContractMisfit(
            _("Account %(account)s, meter point %(point)s and tariff %(tariff)s must share the site and the currency.")
            % {"account": contract.account.number, "point": contract.meter_point.code, "tariff": tariff.code}
        )
    contract.during = DateTimeTZRange(start, starts_at, "[)")
    readings = {"end": contract.readings.pop("end")} if "end" in contract.readings else {}
    return models.Contract(
        organization_id=contract.organization_id,
        account=contract.account,
        meter_point=contract.meter_point,
        tariff=tariff,
        during=DateTimeTZRange(starts_at, ends_at, "[)"),
        readings=readings,
    )
