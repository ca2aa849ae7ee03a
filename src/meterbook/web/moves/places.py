"""What journeys of moving ask about again and again: the site, the meter points, the tariffs that fit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from meterbook.customers import letting
from meterbook.journeys import moving_in
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values
from meterbook.metering import zones as metering_zones
from meterbook.sites import queries as site_queries
from meterbook.tariffs import queries as tariff_queries
from meterbook.web.billing import words

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Chosen:
    """The unit that somebody moves into: its site, and those of its meter points that were there when it was chosen."""

    site: site_queries.SiteRow
    points: tuple[letting.PointOf, ...]
    name: str

    @property
    def zone(self) -> ZoneInfo:
        """The zone that its meters share, else that of the site."""
        return metering_zones.common((each.zone for each in self.points), self.site.zone)


def chosen(row: JourneyRow, *, at: datetime) -> Chosen | None:
    """This will return the unit of a move-in; None when it is not chosen yet or no longer there."""
    given = row.facts.get(Step.UNIT)
    if given is None:
        return None
    place = next(iter(letting.places(at=at, key=str(given["place"]))), None)
    try:
        site = site_queries.get_site(public_id=uuid.UUID(str(given["site"])))
    except site_queries.SiteNotFound:
        return None
    if place is None:
        return None
    listed = given.get("points")
    wanted = {str(each) for each in listed} if isinstance(listed, list) else set()
    return Chosen(site, tuple(each for each in place.points if str(each.public_id) in wanted), place.name)


def instant(given: object) -> datetime:
    """This will read an instant that a step has kept."""
    return datetime.fromisoformat(str(given))


def tariffs_for(
    *, service: metering_values.Service, currency: str, tariffs: Sequence[tariff_queries.TariffRow]
) -> Choices:
    """This will list the tariffs that price what a service counts, in a currency."""
    counted = metering_values.series_type(metering_values.COUNTED_SERIES[service]).unit
    return [
        (str(each.public_id), called(each))
        for each in tariffs
        if each.currency == currency and (unit := unit_of(each)) is not None and moving_in.is_priced(unit, counted)
    ]


def called(tariff: tariff_queries.TariffRow) -> str:
    """This will name a tariff in the reader's language, with its code."""
    return f"{words.said(tariff.names)} ({tariff.code})"


def unit_of(tariff: tariff_queries.TariffRow) -> Unit | None:
    """This will return what a tariff prices; None when it has no version at all."""
    version = tariff.current or tariff.draft
    return None if version is None else version.document.unit


def list_tariffs(*, on: date) -> Sequence[tariff_queries.TariffRow]:
    """This will return all tariffs as they are on a day."""
    return tariff_queries.list_tariffs(on=on)
