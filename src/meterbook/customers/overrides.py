"""Other tariffs than the default: which were asked for, and deciding about one (M-057). Each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, overriding, tenancies, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

MOST = 500  # that are listed


class OverrideNotFound(LookupError):
    """There is no such override of a default."""


class OverrideGone(LookupError):
    """There is nothing to decide any more, or nothing for which the tariff could hold."""


class RefusalUnreasoned(ValueError):
    """Another tariff than the default was refused without saying why."""


class OverrideIsOwn(PermissionError):
    """Who asked for another tariff than the default does not approve it while somebody else can."""


@dataclass(frozen=True)
class OverrideRow:
    """Another tariff than the default, with why, by whom, and who decided; `decided_at` None while it waits.

    `answer` is why it was refused; empty where it was taken back.
    """

    public_id: uuid.UUID
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    point_id: int
    point_code: str
    point_name: str
    site_id: int
    zone: ZoneInfo
    tariff_code: str
    default_code: str
    starts_at: datetime
    reason: str
    author: str
    author_id: int | None
    asked_at: datetime
    state: values.OverrideState
    decided_by: str
    decided_at: datetime | None
    is_alone: bool
    answer: str


def list_overrides(
    *,
    state: values.OverrideState | None = None,
    sites: Collection[int] | None = None,
    account: uuid.UUID | None = None,
) -> list[OverrideRow]:
    """This will return overrides, those that wait first, then the latest; of more than 500 the latest.

    :param sites: internal ids; None: all
    """
    found = _own()
    if state is not None:
        found = found.filter(state=state.value)
    if sites is not None:
        found = found.filter(account__site_id__in=list(sites))
    if account is not None:
        found = found.filter(account__public_id=account)
    rows = [_row(each) for each in found.order_by("-asked_at", "-id")[:MOST]]
    return sorted(rows, key=lambda each: each.state is not values.OverrideState.WAITING)


def get_override(*, public_id: uuid.UUID) -> OverrideRow:
    """This will return one override.

    :raises OverrideNotFound: when there is none
    """
    found = _own().filter(public_id=public_id).first()
    if found is None:
        raise OverrideNotFound(_("There is no such override of a default tariff."))
    return _row(found)


def behind(*, contracts: Collection[uuid.UUID]) -> Mapping[uuid.UUID, OverrideRow]:
    """This will return, by contract, the override that was approved for its tariff; without one it is left out."""
    if not contracts:
        return {}
    owner = scoping.current().organization_id
    listed = models.Contract.objects.filter(organization_id=owner, public_id__in=list(contracts)).order_by("id")
    facts = list(listed.values_list("public_id", "account_id", "meter_point_id", "tariff_id", "during"))
    approved = _own().filter(
        state=values.OverrideState.APPROVED.value, account_id__in={account for _key, account, *_rest in facts}
    )
    by_what: dict[tuple[int, int, int], list[models.TariffOverride]] = {}
    for each in approved.order_by("starts_at", "id"):
        by_what.setdefault((each.account_id, each.meter_point_id, each.tariff_id), []).append(each)
    found = {}
    for key, account, point, tariff, during in facts:
        rows = [each for each in by_what.get((account, point, tariff), []) if each.starts_at <= during.lower]
        if rows:
            found[key] = _row(rows[-1])
    return found


@operation.operation
def refuse(*, actor: Actor, at: datetime, override: uuid.UUID, reason: str) -> None:
    """This will leave everything as it is, and tell who asked why.

    :raises RefusalUnreasoned: without a reason
    :raises OverrideGone: when somebody decided meanwhile
    """
    why = reason.strip()[: values.REASON_LENGTH]
    if not why:
        raise RefusalUnreasoned(_("Say why it is refused; who asked for it reads that."))
    found = waiting(override)
    found.answer = why
    _decide(found, values.OverrideState.REFUSED, actor, at)
    _record(actor, at, "customers:refuse_override", found, {"answer": why})


@operation.operation
def take_back(*, actor: Actor, at: datetime, override: uuid.UUID) -> None:
    """This will leave everything as it is, because who asked for it no longer does.

    :raises OverrideGone: when somebody decided meanwhile
    """
    found = waiting(override)
    _decide(found, values.OverrideState.REFUSED, actor, at)
    _record(actor, at, "customers:take_back_override", found, {})


@operation.operation
def approve(*, actor: Actor, at: datetime, override: uuid.UUID, starts_at: datetime) -> models.Contract:
    """This will let the tariff hold from an instant on: the one that was asked for, or later where bills reach further.

    Whoever calls it has made sure that nothing after `starts_at` is billed.

    :raises OverrideGone: when somebody decided meanwhile, or the account does not pay for the meter point then
    :raises OverrideIsOwn: when who asked approves, and another could
    """
    found = waiting(override)
    is_own = found.author_id is not None and found.author_id == actor.id
    if is_own and overriding.needs_another(actor=actor, at=at, site_id=found.account.site_id):
        raise OverrideIsOwn(_("You asked for this tariff; another person who may approve it does."))
    contracts = models.Contract.objects.select_for_update(of=("self",)).filter(
        organization_id=found.organization_id,
        account_id=found.account_id,
        meter_point_id=found.meter_point_id,
        during__contains=starts_at,
    )
    contract = contracts.select_related("account", "meter_point__site", "tariff").first()
    if contract is None:
        raise OverrideGone(_("The account does not pay for this meter any more where nothing is billed; refuse it."))
    found.is_alone = is_own
    _decide(found, values.OverrideState.APPROVED, actor, at)
    if contract.tariff_id != found.tariff_id:
        contract = tenancies.let_hold(actor=actor, at=at, contract=contract, tariff=found.tariff, starts_at=starts_at)
    _record(actor, at, "customers:approve_override", found, {"starts_at": starts_at, "is_alone": is_own})
    return contract


def waiting(override: uuid.UUID) -> models.TariffOverride:
    """This will return an override that waits, locked.

    :raises OverrideGone: when none of that id waits
    """
    rows = _own().select_for_update(of=("self",)).filter(public_id=override, state=values.OverrideState.WAITING.value)
    found = rows.first()
    if found is None:
        raise OverrideGone(_("There is nothing to decide any more; somebody did so meanwhile."))
    return found


def _own() -> QuerySet[models.TariffOverride]:
    rows = models.TariffOverride.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("account__customer", "meter_point__site", "tariff", "default")


def _decide(found: models.TariffOverride, state: values.OverrideState, actor: Actor, at: datetime) -> None:
    found.state, found.decided_by, found.decided_at = state.value, actor.label[: values.NAME_LENGTH], at
    found.save(update_fields=["state", "decided_by", "decided_at", "is_alone", "answer"])


def _record(actor: Actor, at: datetime, action: str, found: models.TariffOverride, after: Mapping[str, object]) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
        subject=found.account,
        before={"proposed_by": found.author, "default": found.default.code},
        after={"meter_point": found.meter_point.code, "tariff": found.tariff.code, **after},
        reason=found.reason,
    )


def _row(each: models.TariffOverride) -> OverrideRow:
    point = each.meter_point
    return OverrideRow(
        public_id=each.public_id,
        account_public_id=each.account.public_id,
        account_number=each.account.number,
        customer_name=each.account.customer.name,
        point_id=point.pk,
        point_code=point.code,
        point_name=point.name,
        site_id=each.account.site_id,
        zone=point.zone,
        tariff_code=each.tariff.code,
        default_code=each.default.code,
        starts_at=each.starts_at,
        reason=each.reason,
        author=each.author,
        author_id=each.author_id,
        asked_at=each.asked_at,
        state=values.OverrideState(each.state),
        decided_by=each.decided_by,
        decided_at=each.decided_at,
        is_alone=each.is_alone,
        answer=each.answer,
    )
