"""Make, change and end pools of shared costs; enter amounts, and carry differences into the next period."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, pool_words
from meterbook.billing.calculating import pool_sheets, pool_standing
from meterbook.billing.operations import pool_swapping
from meterbook.billing.pools import definition, leaving, reading, writing
from meterbook.customers import queries as customer_queries
from meterbook.foundation import operation, scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values

MOST = Decimal(10) ** 12


class PoolNotFound(LookupError):
    """There is no such shared cost in this organization."""


class EntryNotFound(LookupError):
    """There is no such amount, or it was withdrawn."""


class SheetNotFound(LookupError):
    """There is no such allocation sheet in this organization."""


class PoolImpossible(ValueError):
    """A definition is wrong; `problems` say where and why."""

    def __init__(self, words: str, problems: Sequence[definition.Problem] = ()) -> None:
        super().__init__(words)
        self.problems = tuple(problems)


class PoolCodeTaken(ValueError):
    """Another shared cost has this code; take another one."""


class LandlordMissing(ValueError):
    """The site has no landlord's account, which bears what no tenant bears; open one first."""


class AmountImpossible(ValueError):
    """An amount needs at least one day, decimals of the currency only, and days that are not divided yet."""


class NothingToCarry(ValueError):
    """The sheet would come out the same, is not approved yet, or its difference is carried already."""


class CarryRefused(ValueError):
    """Members who left bear what differs of their share; carried, the next members would. Bill all again instead."""


@operation.operation
def create_pool(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    code: str,
    starts_day: date,
    document: Mapping[str, Any],
) -> models.Pool:
    """This will make a pool that bill runs of a site divide from a day on.

    :param document: "meterbook-pool/1"
    :raises PoolImpossible: when the document or what it names is wrong
    :raises PoolCodeTaken: when another pool has the code
    :raises LandlordMissing: when nobody could bear vacancies
    :raises PoolNotFound: when there is no such site
    """
    owner = scoping.current().organization_id
    place = site_models.Site.objects.filter(organization_id=owner, public_id=site).first()
    if place is None:
        raise PoolNotFound(_("There is no such site."))
    if customer_queries.landlord_of(site_id=place.pk) is None:
        raise LandlordMissing(
            _("%(site)s has no landlord's account, which bears what no tenant bears: open one first.")
            % {"site": place.name}
        )
    made, plain = _read(document, place, code)
    try:
        with transaction.atomic():
            pool = models.Pool.objects.create(
                organization_id=owner,
                site=place,
                code=code,
                name=made.name,
                stage=made.stage,
                starts_day=starts_day,
                definition=plain,
                digest=pool_sheets.digest_of(plain),
            )
    except IntegrityError as error:
        raise PoolCodeTaken(_("Another shared cost has the code %(code)s.") % {"code": code}) from error
    _keep(pool, actor, at)
    after = {"site": place.code, "code": code, "name": pool.name, "digest": pool.digest, "leaving": made.leaving.value}
    audit_operations.record(actor=actor, at=at, action="billing:create_pool", subject=pool, before=None, after=after)
    return pool


@operation.operation
def change_pool(*, actor: Actor, at: datetime, pool: uuid.UUID, document: Mapping[str, Any]) -> models.Pool:
    """This will give a pool another definition: sheets that are approved stay, those made afterwards follow it.

    :raises PoolNotFound: when there is no such pool
    :raises PoolImpossible: when the document or what it names is wrong
    """
    found = _lock(pool)
    made, plain = _read(document, found.site, found.code)
    digest = pool_sheets.digest_of(plain)
    if digest == found.digest:
        return found
    chosen = found.definition.get("leaving", definition.Leaving.FORMER_MEMBER.value)
    before = {"version": found.version, "name": found.name, "digest": found.digest, "leaving": chosen}
    found.version += 1
    found.name, found.stage, found.definition, found.digest = made.name, made.stage, plain, digest
    found.save(update_fields=["version", "name", "stage", "definition", "digest"])
    _keep(found, actor, at)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:change_pool",
        subject=found,
        before=before,
        after={"version": found.version, "name": found.name, "digest": digest, "leaving": made.leaving.value},
    )
    return found


@operation.operation
def end_pool(*, actor: Actor, at: datetime, pool: uuid.UUID, ended_day: date | None) -> models.Pool:
    """This will share nothing any more from a day on; None takes it back.

    :raises PoolNotFound: when there is no such pool
    :raises AmountImpossible: when it would end before it starts
    """
    found = _lock(pool)
    if ended_day is not None and ended_day < found.starts_day:
        raise AmountImpossible(_("It cannot end before it starts."))
    before, found.ended_day = found.ended_day, ended_day
    found.save(update_fields=["ended_day"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:end_pool",
        subject=found,
        before={"ended_day": before},
        after={"ended_day": ended_day},
    )
    return found


@operation.operation
def enter_amount(
    *,
    actor: Actor,
    at: datetime,
    pool: uuid.UUID,
    first_day: date,
    until_day: date,
    amount: Decimal,
    text: str,
    reference: str = "",
    quantity: Decimal | None = None,
    unit: str = "",
    texts: Mapping[str, str] | None = None,
) -> models.PoolEntry:
    """This will note a cost for local days [first_day, until_day): with a reference it is a line of an invoice.

    :param texts: by language, what bills say instead of `text`
    :raises PoolNotFound: when there is no such pool
    :raises AmountImpossible: see the class
    """
    found = _lock(pool)
    currency = found.site.currency
    places = currencies.minor_units(currency)
    if until_day <= first_day:
        raise AmountImpossible(_("The end must lie after the beginning."))
    if amount != amount.quantize(Decimal(1).scaleb(-places)) or abs(amount) > MOST:
        raise AmountImpossible(_("%(currency)s has %(places)s decimals.") % {"currency": currency, "places": places})
    _require_open(found, first_day, until_day)
    said = {language: words for language, words in sorted((texts or {}).items()) if words}
    if any(language not in site_values.LANGUAGES for language in said):
        raise AmountImpossible(_("Say it in one of: %(known)s.") % {"known": ", ".join(site_values.LANGUAGES)})
    entry = models.PoolEntry.objects.create(
        organization_id=found.organization_id,
        pool=found,
        site_id=found.site_id,
        days=DateRange(first_day, until_day, "[)"),
        kind="INVOICE" if reference else "AMOUNT",
        text=text,
        texts=said or None,
        reference=reference,
        quantity=quantity,
        unit=unit,
        amount=amount,
        entered_at=at,
        entered_by=actor.label,
    )
    after = {"amount": amount, "first_day": first_day, "until_day": until_day, "text": text, "reference": reference}
    after |= {"texts": said} if said else {}
    audit_operations.record(
        actor=actor, at=at, action="billing:enter_pool_amount", subject=found, before=None, after=after
    )
    return entry


@operation.operation
def withdraw_amount(*, actor: Actor, at: datetime, entry: uuid.UUID) -> None:
    """This will let an amount count no more.

    :raises EntryNotFound: when there is no such amount, or it was withdrawn
    :raises AmountImpossible: when an approved sheet has it, or it is a line of a supplier's invoice
    """
    entries = models.PoolEntry.objects.filter(
        organization_id=scoping.current().organization_id, public_id=entry, withdrawn_at=None
    )
    found = entries.select_for_update(of=("self",)).select_related("pool__site").first()
    if found is None:
        raise EntryNotFound(_("There is no such amount, or it was withdrawn."))
    if found.invoice_id is not None:
        raise AmountImpossible(_("It is a line of a supplier's invoice: correct or withdraw the invoice."))
    _require_open(found.pool, found.days.lower, found.days.upper)
    found.withdrawn_at, found.withdrawn_by = at, actor.label
    found.save(update_fields=["withdrawn_at", "withdrawn_by"])
    before = {"amount": found.amount, "first_day": found.days.lower, "until_day": found.days.upper, "text": found.text}
    audit_operations.record(
        actor=actor, at=at, action="billing:withdraw_pool_amount", subject=found.pool, before=before, after=None
    )


@operation.operation
def carry_difference(*, actor: Actor, at: datetime, sheet: uuid.UUID) -> models.PoolEntry:
    """This will add what an approved sheet would differ by now to the pool's next period (B-64).

    What concerns members who left is never divided among others: where they bear it, all are billed again; where that
    cannot be done, or the landlord bears it, it is the landlord's.

    :raises SheetNotFound: when there is no such sheet
    :raises NothingToCarry: see the class
    :raises CarryRefused: when members who left bear a part, and all can be billed again
    """
    sheets = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id, public_id=sheet)
    found = sheets.select_related("pool__site", "run__site").first()
    if found is None:
        raise SheetNotFound(_("There is no such allocation sheet."))
    pool = _lock(found.pool.public_id)
    now = pool_standing.would_be(found)
    if now is None or now.sheet is None or now.total is None or found.total is None or now.total == found.total:
        raise NothingToCarry(_("The sheet would come out with the same total, or is not approved yet."))
    owed = pool_standing.owed_by_left(found, now)
    if owed and _can_bill_again(sheet, at):
        words = _(
            "%(accounts)s left and bears what differs of its share: carried, the next members would. Bill all members "
            "again."
        )
        raise CarryRefused(words % {"accounts": ", ".join(owed)})
    left = leaving.borne(now.sheet.content) - leaving.borne(json.loads(bytes(found.content)))
    left += sum(owed.values(), Decimal(0))
    first = pool_standing.first_open_day(pool)
    text = _("Difference of %(first)s to %(last)s") % {
        "first": found.days.lower,
        "last": found.days.upper - timedelta(days=1),
    }
    try:
        with transaction.atomic():
            entry = models.PoolEntry.objects.create(
                organization_id=pool.organization_id,
                pool=pool,
                site_id=pool.site_id,
                days=DateRange(first, first + timedelta(days=1), "[)"),
                kind="ADJUSTMENT",
                text=text,
                amount=now.total - found.total,
                landlord_amount=left,
                sheet_id=found.pk,
                entered_at=at,
                entered_by=actor.label,
            )
    except IntegrityError as error:
        raise NothingToCarry(_("The difference of this sheet is carried already.")) from error
    after = {"amount": entry.amount, "landlord_amount": left, "first_day": first, "text": text}
    audit_operations.record(
        actor=actor, at=at, action="billing:carry_pool_difference", subject=pool, before=None, after=after
    )
    return entry


def _can_bill_again(sheet: uuid.UUID, at: datetime) -> bool:
    try:
        return pool_swapping.look(sheet=sheet, at=at).is_possible
    except pool_swapping.NothingToRebill:
        return False


def _read(
    document: Mapping[str, Any], site: site_models.Site, code: str
) -> tuple[definition.Definition, dict[str, Any]]:
    made, problems = reading.read(document)
    if made is None:
        raise PoolImpossible(pool_words.told(problems), problems)
    _require_known(made, site, code)
    return made, writing.write(made)


def _require_known(made: definition.Definition, site: site_models.Site, code: str) -> None:
    """All that it names belongs to the site; a later pool is of a later stage."""
    points = {each for each in (made.cost.meter_point, *made.cost.meters) if each}
    points |= {each.meter_point for each in made.members if each.meter_point}
    nodes = {each.unit for each in made.members if each.unit} | ({made.place} if made.place else set())
    owner = site.organization_id
    known = metering_models.MeterPoint.objects.filter(organization_id=owner, site=site, public_id__in=points).count()
    places = site_models.SiteNode.objects.filter(organization_id=owner, site=site, public_id__in=nodes).count()
    if known != len(points):
        raise PoolImpossible(_("A meter of the shared cost is not at this site."))
    if places != len(nodes):
        raise PoolImpossible(_("A unit of the shared cost is not at this site."))
    later = {each.pool for each in made.members if each.pool}
    others = models.Pool.objects.filter(organization_id=owner, site=site, code__in=later, stage__gt=made.stage)
    others = others.exclude(code=code)
    if others.count() != len(later):
        raise PoolImpossible(_("A share can be borne by a shared cost of a later stage of this site only."))


def _require_open(pool: models.Pool, first: date, until: date) -> None:
    """Approved sheets are closed: what comes too late is carried, never slipped in (B-64)."""
    if pool_standing.is_closed(pool, first, until):
        raise AmountImpossible(
            _("These days are divided and approved; enter the amount for the next period, or correct their bills.")
        )


def _lock(public_id: uuid.UUID) -> models.Pool:
    pools = models.Pool.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = pools.select_for_update(of=("self",)).select_related("site").first()
    if found is None:
        raise PoolNotFound(_("There is no such shared cost."))
    return found


def _keep(pool: models.Pool, actor: Actor, at: datetime) -> None:
    models.PoolVersion.objects.create(
        organization_id=pool.organization_id,
        pool=pool,
        site_id=pool.site_id,
        number=pool.version,
        definition=pool.definition,
        digest=pool.digest,
        saved_at=at,
        saved_by=actor.label,
    )
