"""Another tariff than the default needs a reason, and a second person who approves it (M-057).

Until somebody approved it, what was there holds: at the beginning of a contract the default. Where no default is set,
there is nothing to override, and nobody is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import chain
from meterbook.audit import operations as audit_operations
from meterbook.customers import models, permissions, tariff_defaults, values
from meterbook.foundation import operation, scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.tariffs import models as tariff_models


class OverrideUnreasoned(ValueError):
    """Another tariff than the default was chosen without a reason."""


@dataclass(frozen=True)
class Asked:
    """A tariff for a meter point of an account from an instant on; `present`: the one that holds there now, or None."""

    account: models.Account
    meter_point: metering_models.MeterPoint
    tariff: tariff_models.Tariff
    starts_at: datetime
    present: tariff_models.Tariff | None = None


def overridden(asked: Sequence[Asked]) -> list[tariff_defaults.DefaultRow | None]:
    """This will return, for each that differs from its default, that default; None where nothing is overridden."""
    if not tariff_defaults.has_any():
        return [None for _each in asked]
    found = tariff_defaults.defaults_for(
        [
            (
                each.meter_point,
                values.CustomerKind(each.account.customer.kind),
                civil.local_date(each.starts_at, each.meter_point.zone),
            )
            for each in asked
        ]
    )
    return [
        default if default is not None and _differs(each, default) else None
        for each, default in zip(asked, found, strict=True)
    ]


def needs_another(*, actor: Actor, at: datetime, site_id: int) -> bool:
    """This will tell whether another person must approve: two are asked for, and somebody else can."""
    return two_people.is_needed(TwoPeople.OVERRIDE) and two_people.others_can(
        actor=actor, at=at, permission=permissions.APPROVE_OVERRIDE, site_id=site_id
    )


@operation.operation
def settle(*, actor: Actor, at: datetime, asked: Sequence[Asked], reason: str) -> list[tariff_models.Tariff]:
    """This will return the tariff that holds for each at once, and keep those that override a default.

    What needs a second person waits: what is present stays, or else the default holds. Where nobody else can approve,
    or the organization asks for one person only, it holds at once, which stays marked ("approved alone").

    :raises OverrideUnreasoned: when something overrides a default, and no reason is given
    """
    defaults = overridden(asked)
    wanted = [(each, found) for each, found in zip(asked, defaults, strict=True) if found is not None]
    if not wanted:
        return [each.tariff for each in asked]
    why = reason.strip()[: values.REASON_LENGTH]
    if not why:
        raise OverrideUnreasoned(
            _("The default is %(default)s: choose it, or say why another tariff is to hold.")
            % {"default": ", ".join(sorted({found.tariff_code for _each, found in wanted}))}
        )
    sites = {each.account.site_id for each, _found in wanted}
    waiting = {site: needs_another(actor=actor, at=at, site_id=site) for site in sorted(sites)}
    _keep(actor, at, wanted, waiting, why)
    usual = tariff_models.Tariff.objects.filter(
        organization_id=scoping.current().organization_id, pk__in={found.tariff_id for _each, found in wanted}
    ).in_bulk()
    return [
        each.tariff if found is None or not waiting[each.account.site_id] else each.present or usual[found.tariff_id]
        for each, found in zip(asked, defaults, strict=True)
    ]


def _differs(asked: Asked, default: tariff_defaults.DefaultRow) -> bool:
    is_new = asked.present is None or asked.present.pk != asked.tariff.pk
    return is_new and not asked.account.is_landlord and default.tariff_id != asked.tariff.pk


def _keep(
    actor: Actor,
    at: datetime,
    wanted: Sequence[tuple[Asked, tariff_defaults.DefaultRow]],
    waiting: Mapping[int, bool],
    reason: str,
) -> None:
    """One row each, and one entry of the trail for all of them."""
    _forget_waiting(actor, at, [each for each, _found in wanted])
    rows = [_row(actor, at, each, found, reason, waits=waiting[each.account.site_id]) for each, found in wanted]
    models.TariffOverride.objects.bulk_create(rows, batch_size=500)
    told: list[dict[str, object]] = [
        {
            "account": each.account.number,
            "meter_point": each.meter_point.code,
            "default": found.tariff_code,
            "tariff": each.tariff.code,
            "starts_at": each.starts_at,
        }
        for each, found in wanted
    ]
    first, is_single = wanted[0][0], len(told) == 1
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:ask_override",
        subject=first.account if is_single else first.tariff,
        before=None,
        after={
            **(told[0] if is_single else {"tariff": first.tariff.code, "contracts": len(told)}),
            "waiting": sum(each.state == values.OverrideState.WAITING.value for each in rows),
        },
        reason=reason,
        rows=None if is_single else chain.digest_of_rows(told),
    )


def _row(
    actor: Actor, at: datetime, asked: Asked, default: tariff_defaults.DefaultRow, reason: str, *, waits: bool
) -> models.TariffOverride:
    label = actor.label[: values.NAME_LENGTH]
    return models.TariffOverride(
        organization_id=scoping.current().organization_id,
        account=asked.account,
        meter_point=asked.meter_point,
        tariff=asked.tariff,
        default_id=default.tariff_id,
        starts_at=asked.starts_at,
        reason=reason,
        author=label,
        author_id=actor.id,
        asked_at=at,
        state=(values.OverrideState.WAITING if waits else values.OverrideState.APPROVED).value,
        decided_by="" if waits else label,
        decided_at=None if waits else at,
        is_alone=not waits,
    )


def _forget_waiting(actor: Actor, at: datetime, asked: Sequence[Asked]) -> None:
    """Refuses what still waits for the same meter point, account and instant: something newer is asked for."""
    named = {(each.account.pk, each.meter_point.pk, each.starts_at) for each in asked}
    own = models.TariffOverride.objects.filter(organization_id=scoping.current().organization_id)
    rows = own.filter(
        state=values.OverrideState.WAITING.value,
        account_id__in={each.account.pk for each in asked},
        starts_at__in={each.starts_at for each in asked},
    )
    held = [
        each
        for each in rows.select_for_update().order_by("id")
        if (each.account_id, each.meter_point_id, each.starts_at) in named
    ]
    for each in held:
        each.state, each.decided_by = values.OverrideState.REFUSED.value, actor.label[: values.NAME_LENGTH]
        each.decided_at = at
    own.bulk_update(held, ["state", "decided_by", "decided_at"], batch_size=500)
