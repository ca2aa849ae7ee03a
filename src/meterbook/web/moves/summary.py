"""What a journey says of its answers, and what it will do: nobody carries out what they have not read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.customers import queries as customer_queries
from meterbook.customers import values as customer_values
from meterbook.journeys import billed, moving_in, moving_out, readings
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values
from meterbook.web import access
from meterbook.web.moves import asked, metered, origins, places
from meterbook.web.templatetags import meterbook as tags

Shown = tuple[str | Promise, str, str]  # caption of a register, its number (empty: not known), how it is known


@dataclass(frozen=True)
class MeterLine:
    """A meter in the summary; `shown` is the number on its display, empty where nothing is known.

    `further` are its further registers that people read.
    """

    name: str
    code: str
    shown: str
    origin: str
    further: tuple[Shown, ...]
    tariff: str
    rest: billed.Rest | None


def words(row: JourneyRow, step: Step, zone: ZoneInfo) -> str:
    """This will say in one line what was answered to a step."""
    given = row.facts[step]
    if step is Step.UNIT:
        count = len(_listed(given, "points"))
        meters = ngettext("%(count)s meter", "%(count)s meters", count) % {"count": count}
        return f"{given.get('name', '')} · {meters}"
    if step in (Step.CUSTOMER, Step.ACCOUNT):
        return " · ".join(str(each) for each in (given.get("name"), given.get("number")) if each)
    if step in (Step.START, Step.END):
        return tags.local(places.instant(given.get("starts_at") or given.get("ends_at")), zone)
    if step is Step.READINGS:
        seen = [_seen(given[key]) for key in sorted(given)]
        return ", ".join(each for each, _origin in seen if each) or _("not known yet")
    if step is Step.DEPOSIT:
        amount = str(given.get("amount", ""))
        return f"{tags.number(Decimal(amount), 2)} {given.get('currency', '')}" if amount else _("none")
    if step is Step.ADDRESS:
        return str(given.get("address", "")).replace("\n", ", ") or _("as before")
    count = len(given) - (moving_in.REASON in given)
    return ngettext("%(count)s tariff chosen", "%(count)s tariffs chosen", count) % {"count": count}


def move_in(request: access.Request, row: JourneyRow) -> dict[str, Any]:
    """This will return what a move-in will set up."""
    unit = places.chosen(row, at=request.at)
    if unit is None:
        return {"lines": (), "is_gone": True}
    listed = places.list_tariffs(on=civil.local_date(asked.moment(row), unit.zone))
    names = {str(each.public_id): places.called(each) for each in listed}
    further, lines = _further(request, row), []
    for point in unit.points:
        key = str(point.public_id)
        shown, origin = _seen(row.facts[Step.READINGS].get(key))
        tariff = names.get(str(row.facts[Step.TARIFF].get(key)), "")
        default = origins.proposed(row, point)
        if default is not None and str(default.tariff_public_id) != row.facts[Step.TARIFF].get(key):
            words = _("%(tariff)s; where a second person must approve it, %(default)s until then")
            tariff = words % {"tariff": tariff, "default": names.get(str(default.tariff_public_id), "")}
        own = further.get(point.public_id, ())
        lines.append(MeterLine(point.name, point.code, shown, origin, own, tariff, None))
    ends = [each.newest.ends_at for each in unit.points if each.newest is not None]
    before = max((each for each in ends if each is not None), default=None)
    return {
        "lines": lines,
        "vacant_from": before if before is not None and before < asked.moment(row) else None,
        "starts_at": asked.moment(row),
        "zone": unit.zone,
    }


def move_out(request: access.Request, row: JourneyRow) -> dict[str, Any]:
    """This will return what a move-out will end, what the final bill will hold, and who pays afterwards."""
    account = asked.account_of(row)
    ends_at = asked.moment(row)
    leaving = moving_out.leaving(account_id=account.id, contracts=asked.contracts_of(row), ends_at=ends_at)
    further, lines = _further(request, row), []
    for each in leaving:
        shown, origin = _seen(row.facts[Step.READINGS].get(str(each.point_public_id)))
        own = further.get(each.point_public_id, ())
        lines.append(MeterLine(each.point_name, each.point_code, shown, origin, own, each.tariff_code, each.rest))
    return {
        "lines": lines,
        "ends_at": ends_at,
        "zone": asked.zone_of_leaving(row),
        "landlord": customer_queries.landlord_of(site_id=account.site_id),
        "account": account,
    }


def _listed(given: Mapping[str, object], key: str) -> list[object]:
    found = given.get(key)
    return found if isinstance(found, list) else []


def _further(request: access.Request, row: JourneyRow) -> dict[uuid.UUID, tuple[Shown, ...]]:
    """What the further registers of each meter showed, in the order in which they were asked for."""
    answered = row.facts[Step.READINGS]
    return {
        main.meter_point_public_id: tuple(
            (metering_values.series_type(each.series_code).caption, *_seen(answered.get(readings.key_of_face(each))))
            for each in further
        )
        for main, *further in metered.registers(request, row, asked.moment(row))
    }


def _seen(given: object) -> tuple[str, str]:
    """What a display showed, and how that is known."""
    if not isinstance(given, dict):
        return "", ""
    seen = customer_values.SeenReading.of(given)
    decimals = max(0, -int(seen.value.as_tuple().exponent))
    origin = str(customer_values.READING_ORIGIN_CAPTIONS[seen.origin])
    if seen.is_between:
        origin = _("worked out from the readings around it")
    return f"{tags.number(seen.value, decimals)} {Unit(seen.unit).symbol}", origin
