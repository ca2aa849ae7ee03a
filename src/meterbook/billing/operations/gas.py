"""Supply areas of gas: made and changed, and their values entered, one or a file of them at once."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.gas_values import ENERGY_UNITS, GasKind, GasOrigin, OnMissingValue
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.sites import models as site_models
from meterbook.tariffs.rating import converting

MOST_VALUES = 2_000  # at once
LONGEST_FILE = 500_000  # characters
MOST_FACTOR, MOST_CALORIFIC, PLACES = Decimal(10), Decimal(1_000), 6
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_COLUMNS = ("area", "kind", "first_day", "last_day", "value", "unit")


class GasAreaNotFound(LookupError):
    """There is no such supply area in this organization."""


class GasAreaImpossible(ValueError):
    """What a supply area would say cannot be; the message names what to change."""


class GasValueImpossible(ValueError):
    """A value cannot be kept; the message names its line, or what to change. Nothing was kept."""


@dataclass(frozen=True)
class AreaTerms:
    """What a supply area says; `models.GasArea` explains it."""

    name: str
    factor: Decimal | None = None
    on_missing: OnMissingValue = OnMissingValue.HOLD
    sites: Collection[uuid.UUID] = ()


@dataclass(frozen=True)
class NewValue:
    """A value for the local days [first_day, until_day)."""

    kind: GasKind
    first_day: date
    until_day: date
    value: Decimal
    unit: Unit = Unit.ONE
    worked_out: Mapping[str, str] = field(default_factory=dict)


@operation.operation
def create_area(*, actor: Actor, at: datetime, code: str, terms: AreaTerms) -> models.GasArea:
    """This will make a supply area.

    :raises GasAreaImpossible: when the code is taken, or a site is in another area
    """
    if not _CODE.fullmatch(code):
        raise GasAreaImpossible(_("A code has letters, digits, - _ and . only, at most 40."))
    owner = scoping.current().organization_id
    ids = _sites(terms)
    _require_free(ids, None)
    try:
        with transaction.atomic():
            made = models.GasArea.objects.create(
                organization_id=owner,
                code=code,
                name=terms.name.strip(),
                factor=terms.factor,
                on_missing=terms.on_missing.value,
                site_ids=ids,
            )
    except IntegrityError as error:
        raise GasAreaImpossible(_("Another supply area has the code %(code)s.") % {"code": code}) from error
    audit_operations.record(
        actor=actor, at=at, action="billing:create_gas_area", subject=made, before=None, after=_said(made)
    )
    return made


@operation.operation
def change_area(*, actor: Actor, at: datetime, area: uuid.UUID, terms: AreaTerms) -> models.GasArea:
    """This will change what a supply area says; bills that were issued stay.

    :raises GasAreaNotFound: when it is not there
    :raises GasAreaImpossible: when a site is in another area
    """
    ids = _sites(terms)
    locked = _lock(area)
    _require_free(ids, locked.pk)
    before = _said(locked)
    locked.name, locked.factor = terms.name.strip(), terms.factor
    locked.on_missing, locked.site_ids = terms.on_missing.value, ids
    after = _said(locked)
    if after != before:
        locked.save(update_fields=["name", "factor", "on_missing", "site_ids", "updated_at"])
        audit_operations.record(
            actor=actor, at=at, action="billing:change_gas_area", subject=locked, before=before, after=after
        )
    return locked


@operation.operation
def enter_values(*, actor: Actor, at: datetime, area: uuid.UUID, values: Sequence[NewValue], origin: GasOrigin) -> int:
    """This will keep values, each as a new version for its days; it answers how many were new.

    A value that is the newest one for just these days already is passed over, so that a file may come twice.

    :raises GasAreaNotFound: when the area is not there
    :raises GasValueImpossible: when one cannot be kept; then none is
    """
    locked = _lock(area)
    if not 0 < len(values) <= MOST_VALUES:
        raise GasValueImpossible(_("Give 1 to %(most)s values at once.") % {"most": MOST_VALUES})
    for each in values:
        _require_possible(each)
    made = [each for each in values if _keep(actor, at, locked, each, origin)]
    if made:
        first, until = min(each.first_day for each in made), max(each.until_day for each in made)
        after = {"values": len(made), "first_day": first, "until_day": until, "origin": origin.value}
        audit_operations.record(
            actor=actor, at=at, action="billing:enter_gas_values", subject=locked, before=None, after=after
        )
    return len(made)


@operation.operation
def import_values(*, actor: Actor, at: datetime, text: str) -> int:
    """This will keep the values of a CSV file for the areas that it names by code; it answers how many were new.

    Columns: area, kind (CALORIFIC or FACTOR), first_day, last_day (2026-10-31, included), value, unit (KWH or MJ a
    normal cubic meter; empty for a factor). Comma or semicolon between them.

    :raises GasValueImpossible: naming the line; then nothing was kept
    """
    by_area = _read(text)
    owner = scoping.current().organization_id
    known = dict(
        models.GasArea.objects.filter(organization_id=owner, code__in=list(by_area)).values_list("code", "public_id")
    )
    lacking = sorted(by_area.keys() - known.keys())
    if lacking:
        words = _("There is no supply area with the code %(codes)s. Make it first.")
        raise GasValueImpossible(words % {"codes": ", ".join(lacking[:10])})
    return sum(
        enter_values(actor=actor, at=at, area=known[code], values=by_area[code], origin=GasOrigin.CSV)
        for code in sorted(by_area)
    )


def worked_out(*, celsius: Decimal, mbar: Decimal, compressibility: Decimal) -> tuple[Decimal, dict[str, str]]:
    """This will return a conversion factor with what it was worked out from, for `NewValue`."""
    found = converting.factor_of(celsius=celsius, mbar=mbar, compressibility=compressibility)
    return found, {"celsius": str(celsius), "mbar": str(mbar), "compressibility": str(compressibility)}


def _keep(actor: Actor, at: datetime, area: models.GasArea, value: NewValue, origin: GasOrigin) -> bool:
    days = DateRange(value.first_day, value.until_day, "[)")
    rows = models.GasValue.objects.filter(organization_id=area.organization_id, area=area, kind=value.kind.value)
    newest = rows.filter(days__overlap=days).order_by("-id").first()
    if newest is not None and (newest.days, newest.value, newest.unit) == (days, value.value, value.unit.value):
        return False
    number = rows.filter(days=days).aggregate(number=Max("number"))["number"] or 0
    models.GasValue.objects.create(
        organization_id=area.organization_id,
        area=area,
        kind=value.kind.value,
        days=days,
        value=value.value,
        unit=value.unit.value,
        number=number + 1,
        origin=origin.value,
        worked_out=dict(value.worked_out),
        author=actor.label,
        entered_at=at,
    )
    return True


def _require_possible(value: NewValue) -> None:
    is_factor = value.kind is GasKind.FACTOR
    most = MOST_FACTOR if is_factor else MOST_CALORIFIC
    if value.until_day <= value.first_day:
        raise GasValueImpossible(_("The first day must not be after the last one."))
    if not value.value.is_finite() or not 0 < value.value < most or value.value != round(value.value, PLACES):
        words = _("%(value)s is not possible: above 0, below %(most)s, and at most 6 decimals.")
        raise GasValueImpossible(words % {"value": value.value, "most": most})
    if value.unit not in ((Unit.ONE,) if is_factor else ENERGY_UNITS):
        raise GasValueImpossible(_("A calorific value is in kWh or MJ a cubic meter; a factor has no unit."))


def _read(text: str) -> dict[str, list[NewValue]]:
    if len(text) > LONGEST_FILE:
        raise GasValueImpossible(_("The file is too long; give 2,000 values at once."))
    lines = text.lstrip("\ufeff").splitlines()
    head = lines[0] if lines else ""
    rows = csv.DictReader(io.StringIO("\n".join(lines)), delimiter=";" if ";" in head else ",")
    names = [(each or "").strip().lower() for each in rows.fieldnames or ()]
    missing = [each for each in _COLUMNS[:-1] if each not in names]
    if missing:
        words = _("The first line must name the columns %(columns)s; these lack: %(missing)s.")
        raise GasValueImpossible(words % {"columns": ", ".join(_COLUMNS), "missing": ", ".join(missing)})
    rows.fieldnames = names
    found: dict[str, list[NewValue]] = {}
    for number, row in enumerate(rows, start=2):
        if not any((each or "").strip() for each in row.values() if isinstance(each, str | None)):
            continue
        cells = {key: (row.get(key) or "").strip() for key in _COLUMNS}
        try:
            value = _value_of(cells)
            _require_possible(value)
        except GasValueImpossible as error:
            raise GasValueImpossible(_("Line %(line)s: %(words)s") % {"line": number, "words": error}) from error
        found.setdefault(cells["area"], []).append(value)
    if not found:
        raise GasValueImpossible(_("The file has no values below its first line."))
    return found


def _value_of(cells: Mapping[str, str]) -> NewValue:
    kind, unit = cells["kind"].upper() or GasKind.CALORIFIC.value, cells["unit"].upper()
    if kind not in set(GasKind):
        raise GasValueImpossible(_("The kind is CALORIFIC or FACTOR."))
    usual = Unit.ONE.value if kind == GasKind.FACTOR else Unit.KWH.value
    if unit and unit not in Unit.__members__:
        raise GasValueImpossible(_("The unit is KWH or MJ, and empty for a factor."))
    try:
        first, last = (date.fromisoformat(cells[key]) for key in ("first_day", "last_day"))
    except ValueError as error:
        raise GasValueImpossible(_("Days are written as 2026-10-31.")) from error
    try:
        value = Decimal(cells["value"].replace(",", "."))
    except InvalidOperation as error:
        raise GasValueImpossible(
            _("“%(value)s” is no number such as 11.247.") % {"value": cells["value"][:20]}
        ) from error
    return NewValue(GasKind(kind), first, last + timedelta(days=1), value, Unit(unit or usual))


def _sites(terms: AreaTerms) -> list[int]:
    if not terms.name.strip():
        raise GasAreaImpossible(_("Give the supply area a name."))
    if terms.factor is not None and not 0 < terms.factor < MOST_FACTOR:
        raise GasAreaImpossible(_("A conversion factor is above 0 and below 10."))
    owner = scoping.current().organization_id
    rows = site_models.Site.objects.filter(organization_id=owner, public_id__in=list(terms.sites))
    ids = list(rows.order_by("id").values_list("id", flat=True))
    if len(ids) != len(set(terms.sites)):
        raise GasAreaImpossible(_("Choose sites of this organization."))
    return ids


def _require_free(ids: Collection[int], own: int | None) -> None:
    """One after the other: two areas that take the same site wait for each other."""
    owner = scoping.current().organization_id
    list(
        site_models.Site.objects.select_for_update(no_key=True).filter(organization_id=owner, pk__in=ids).order_by("id")
    )
    others = models.GasArea.objects.filter(organization_id=owner, site_ids__overlap=list(ids))
    taken = next((each for each in others.order_by("code", "id") if each.pk != own), None)
    if taken is not None:
        raise GasAreaImpossible(
            _("A site is in the supply area %(area)s already; take it out there first.") % {"area": taken.code}
        )


def _lock(public_id: uuid.UUID) -> models.GasArea:
    rows = models.GasArea.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(no_key=True).first()
    if found is None:
        raise GasAreaNotFound(_("There is no such supply area."))
    return found


def _said(area: models.GasArea) -> dict[str, object]:
    return {
        "code": area.code,
        "name": area.name,
        "factor": None if area.factor is None else str(area.factor),
        "on_missing": area.on_missing,
        "sites": sorted(area.site_ids),
    }
