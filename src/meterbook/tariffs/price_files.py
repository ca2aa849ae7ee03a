"""Read prices by the hour from a file of rows; errors name the line and how to correct it. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

MOST_ROWS = 40_000
_NUMBER = re.compile(r"(?a:-?\d{1,12}([.,]\d{1,8})?)")
_SHOWN = 40
_COLUMNS = ("start", "price")


class PriceFileInvalid(ValueError):
    """The file has no prices that could be kept; the message names line and remedy."""


@dataclass(frozen=True)
class PriceRows:
    """Prices of consecutive intervals of `step` minutes from an aware instant on."""

    start: datetime
    step: int
    prices: Sequence[Decimal]


def read(text: str, zone: ZoneInfo, steps: Sequence[int]) -> PriceRows:
    """This will read rows of `start` and `price`, the oldest first, without a gap.

    A start without an offset is by the clock of the zone; in the repeated hour of autumn the second one is the later.
    Columns are separated by comma, semicolon or tab; with the latter two a decimal comma may be used.

    :param steps: how many minutes a price may hold for
    :raises PriceFileInvalid: when the rows are no such prices
    """
    rows = list(_rows(text))
    if len(rows) < 2:
        raise PriceFileInvalid(_("Give a line with the names start and price, and at least two rows below it."))
    if len(rows) > MOST_ROWS:
        raise PriceFileInvalid(_("A file has at most %(most)s prices.") % {"most": MOST_ROWS})
    starts: list[datetime] = []
    for line, start, _price in rows:
        starts.append(_instant(line, start, zone, starts[-1] if starts else None))
    step = starts[1] - starts[0]
    minutes = step // timedelta(minutes=1)
    if minutes not in steps:
        words = _("Line %(line)s: %(minutes)s minutes after the row before; prices hold for 15, 30 or 60.")
        raise PriceFileInvalid(words % {"line": rows[1][0], "minutes": minutes})
    for place in range(1, len(starts)):
        if starts[place] - starts[place - 1] != step:
            words = _("Line %(line)s: after %(before)s comes %(given)s, which is not %(minutes)s minutes later.")
            told = {"line": rows[place][0], "before": rows[place - 1][1], "given": rows[place][1], "minutes": minutes}
            raise PriceFileInvalid(words % told)
    return PriceRows(starts[0], minutes, [_price_of(line, price) for line, _start, price in rows])


def _rows(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, start and price of each row below the names of the columns."""
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = next((each for each in (";", "\t", ",") if each in head), ",")
    reader = csv.reader(lines, delimiter=delimiter)
    names = [each.strip().lower() for each in next(reader, [])]
    if any(names.count(each) != 1 for each in _COLUMNS):
        raise PriceFileInvalid(_("The first line must name the columns start and price, once each."))
    places = [names.index(each) for each in _COLUMNS]
    for row in reader:
        if not any(each.strip() for each in row):
            continue
        if len(row) <= max(places):
            raise PriceFileInvalid(_("Line %(line)s has no start or no price.") % {"line": reader.line_num})
        start, price = (row[each].strip() for each in places)
        yield reader.line_num, start, price


def _instant(line: int, text: str, zone: ZoneInfo, before: datetime | None) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        wall = found.replace(tzinfo=zone)
        instant = wall.astimezone(UTC)
        if before is not None and instant <= before:
            instant = wall.replace(fold=1).astimezone(UTC)
    except (ValueError, OverflowError):
        words = _("Line %(line)s: “%(given)s” is no time such as 2026-03-01T05:00.")
        raise PriceFileInvalid(words % {"line": line, "given": text[:_SHOWN]}) from None
    if instant.astimezone(zone).replace(tzinfo=None) != found:
        words = _("Line %(line)s: the clocks of %(zone)s never show %(given)s.")
        raise PriceFileInvalid(words % {"line": line, "zone": zone.key, "given": text[:_SHOWN]})
    return instant


def _price_of(line: int, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        words = _("Line %(line)s: “%(given)s” is no price such as 0.1234, with at most 8 decimals.")
        raise PriceFileInvalid(words % {"line": line, "given": text[:_SHOWN]})
    return Decimal(text.replace(",", "."))
