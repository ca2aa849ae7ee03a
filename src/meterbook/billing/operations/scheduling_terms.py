"""What a billing calendar says: set, changed, switched off."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import cycles, models, values
from meterbook.customers import models as customer_models
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

HOURS = 24
MOST_IN_A_GROUP = 5_000


class CalendarNotFound(LookupError):
    """There is no such calendar in this organization."""


class CalendarPresent(ValueError):
    """The site has a calendar already, or an account is in the group of another."""


class CalendarImpossible(ValueError):
    """What the calendar would say cannot be."""


class AccountsUnknown(LookupError):
    """An account of the group is not there, or belongs to another site."""


@dataclass(frozen=True)
class CalendarTerms:
    """What a calendar says; `models.BillingCalendar` explains the fields."""

    name: str
    starts_on: date
    cycle: cycles.Cycle = cycles.Cycle.MONTHLY
    months: int = 1
    cutoff_day: int = cycles.LAST_DAY
    notice_hour: int = 8
    due_days: int = values.DUE_DAYS
    grace_days: int = 3
    on_missing: values.OnMissing = values.OnMissing.PERSON
    is_auto_approved: bool = False
    tolerance_percent: int = values.TOLERANCE_PERCENT
    approves_first: bool = False
    settlement: values.TrueUpStrategy = values.TrueUpStrategy.RERUN
    bundling: values.Bundling = values.Bundling.TOGETHER
    small_below: Decimal | None = None


@operation.operation
def create_calendar(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    terms: CalendarTerms,
    accounts: Collection[uuid.UUID] | None = None,
) -> models.BillingCalendar:
    """This will have a site billed by a calendar; what ended before `at` is billed as soon as jobs look.

    :param accounts: the group that it is for; None: all accounts of the site that are in no group
    :raises CalendarImpossible: for a day, an hour or a number that cannot be
    :raises CalendarPresent: when the site has one, or an account is in another group
    :raises AccountsUnknown: when one is not at the site
    """
    _require_possible(terms)
    found = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=site).first()
    if found is None:
        raise CalendarNotFound(_("There is no such site."))
    try:
        with transaction.atomic():
            made = models.BillingCalendar.objects.create(
                organization_id=found.organization_id,
                site=found,
                has_group=accounts is not None,
                set_by=actor.label,
                set_at=at,
                auto_approval_by=actor.label if terms.is_auto_approved else "",
                **_columns(terms),
            )
            _set_group(made, accounts)
    except IntegrityError as error:
        raise _present(accounts) from error
    _record(actor, at, "billing:create_calendar", made, None, accounts)
    return made


@operation.operation
def change_calendar(
    *,
    actor: Actor,
    at: datetime,
    calendar: uuid.UUID,
    terms: CalendarTerms,
    accounts: Collection[uuid.UUID] | None = None,
) -> models.BillingCalendar:
    """This will change what a calendar says from its next period on; runs that have begun keep what they have.

    Once a period has begun its first day stays.

    :param accounts: see `create_calendar`; ignored where the calendar is the site's own
    :raises CalendarNotFound: when it is not there
    :raises CalendarImpossible: see `create_calendar`
    :raises CalendarPresent: see `create_calendar`
    :raises AccountsUnknown: see `create_calendar`
    """
    _require_possible(terms)
    locked = lock_calendar(calendar)
    before = _said(locked)
    has_begun = models.CalendarPeriod.objects.filter(organization_id=locked.organization_id, calendar=locked).exists()
    for name, value in _columns(terms).items():
        if name != "starts_on" or not has_begun:
            setattr(locked, name, value)
    locked.set_by, locked.set_at = actor.label, at
    if terms.is_auto_approved != bool(locked.auto_approval_by):
        locked.auto_approval_by = actor.label if terms.is_auto_approved else ""
    locked.save()
    if locked.has_group:
        try:
            with transaction.atomic():
                _set_group(locked, accounts or ())
        except IntegrityError as error:
            raise _present(accounts) from error
    _record(actor, at, "billing:change_calendar", locked, before, accounts if locked.has_group else None)
    return locked


@operation.operation
def switch_calendar(*, actor: Actor, at: datetime, calendar: uuid.UUID, is_active: bool) -> models.BillingCalendar:
    """This will stop a calendar or have it start runs again: then those that it missed, too.

    :raises CalendarNotFound: when it is not there
    :raises CalendarPresent: when the site has another one meanwhile
    """
    locked = lock_calendar(calendar)
    if locked.is_active == is_active:
        return locked
    before, locked.is_active = _said(locked), is_active
    try:
        with transaction.atomic():
            locked.save(update_fields=["is_active"])
    except IntegrityError as error:
        raise _present(None) from error
    _record(actor, at, "billing:switch_calendar", locked, before, None)
    return locked


def lock_calendar(public_id: uuid.UUID) -> models.BillingCalendar:
    """This will return a calendar, locked until the transaction ends.

    :raises CalendarNotFound: when it is not there
    """
    rows = models.BillingCalendar.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    ).select_related("site")
    found = rows.select_for_update(no_key=True, of=("self",)).first()
    if found is None:
        raise CalendarNotFound(_("There is no such calendar."))
    return found


def _require_possible(terms: CalendarTerms) -> None:
    most_day = cycles.DAYS_A_WEEK if terms.cycle is cycles.Cycle.WEEKLY else cycles.LAST_DAY
    checks = (
        (bool(terms.name.strip()), _("Give the calendar a name.")),
        (1 <= terms.cutoff_day <= most_day, _("The cut-off is a day from 1 to %(most)s.") % {"most": most_day}),
        (1 <= terms.months <= cycles.MOST_MONTHS, _("A period has 1 to 12 months.")),
        (0 <= terms.notice_hour < HOURS, _("The hour is from 0 to 23.")),
        (0 <= terms.due_days <= values.MOST_DUE_DAYS, _("Bills are due within 365 days.")),
        (0 <= terms.grace_days <= values.MOST_GRACE_DAYS, _("Readings are waited for 60 days at most.")),
        (0 <= terms.tolerance_percent <= 1_000, _("A tolerance is from 0 to 1000 percent.")),
        (terms.small_below is None or terms.small_below >= 0, _("Give an amount from zero up.")),
    )
    for is_possible, words in checks:
        if not is_possible:
            raise CalendarImpossible(words)


def _columns(terms: CalendarTerms) -> dict[str, object]:
    columns = asdict(terms)
    for name in ("cycle", "on_missing", "settlement", "bundling"):
        columns[name] = columns[name].value
    return columns


def _set_group(calendar: models.BillingCalendar, accounts: Collection[uuid.UUID] | None) -> None:
    if accounts is None:
        return
    found = customer_models.Account.objects.filter(
        organization_id=calendar.organization_id, site_id=calendar.site_id, public_id__in=list(accounts)
    )
    ids = set(found.order_by("id").values_list("id", flat=True))
    if not accounts or len(ids) != len(set(accounts)) or len(ids) > MOST_IN_A_GROUP:
        raise AccountsUnknown(_("Choose the accounts of the group among those of the site, at least one."))
    rows = models.CalendarAccount.objects.filter(organization_id=calendar.organization_id, calendar=calendar)
    rows.exclude(account_id__in=ids).delete()
    known = set(rows.values_list("account_id", flat=True))
    models.CalendarAccount.objects.bulk_create(
        models.CalendarAccount(organization_id=calendar.organization_id, calendar=calendar, account_id=each)
        for each in sorted(ids - known)
    )


def _present(accounts: Collection[uuid.UUID] | None) -> CalendarPresent:
    if accounts is None:
        return CalendarPresent(_("The site has a calendar already; change it, or make one for a group of accounts."))
    return CalendarPresent(_("An account is in the group of another calendar already; take it out there first."))


def _said(calendar: models.BillingCalendar) -> dict[str, object]:
    names = (*CalendarTerms.__dataclass_fields__, "is_active")
    said = {name: getattr(calendar, name) for name in names}
    return {name: str(value) if isinstance(value, Decimal | date) else value for name, value in said.items()}


def _record(
    actor: Actor,
    at: datetime,
    action: str,
    calendar: models.BillingCalendar,
    before: dict[str, object] | None,
    accounts: Collection[uuid.UUID] | None,
) -> None:
    group = {} if accounts is None else {"accounts": len(accounts)}
    after = {**_said(calendar), **group}
    changed = {key: value for key, value in after.items() if before is None or before.get(key, value) != value}
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
        subject=calendar,
        before=None if before is None else {key: before[key] for key in changed if key in before},
        after={**changed, **group},
    )
