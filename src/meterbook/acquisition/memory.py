"""What a meter remembers: which instants, how to ask for them, and what it answered, at the true time. Pure.

A meter stamps what it remembers by its own clock. How far that is from ours is known when its clock can be read: what
it says happened at 00:00 by a clock that is five minutes ahead happened at 23:55.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Record
from meterbook.acquisition.library import checks, decode
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.library.memories import CLOCK_OF_MBUS, DAY_MINUTES, MONTH, NEXT, Memory, Place, Ring

STEADY = timedelta(seconds=5)  # an answer takes a while and clocks show whole seconds: less is no difference
MOST_DIFFERENCE = timedelta(hours=1)  # beyond it nobody can say since when the clock has been wrong
EMPTY = (0, 0xFFFF)  # a record that was never written is full of one of them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ClockWrong(errors.DeviceError):
    """The meter's clock is more than an hour away from ours."""

    code = "CLOCK"
    remedy = "Set the meter's clock; what it remembers from before then cannot be placed in time."


@dataclass(frozen=True)
class Remembered:
    """What a counter showed at an instant (UTC, to the second), in the resolution of its register."""

    code: str
    at: datetime
    value: int


def moments(memory: Memory, now: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """This will return the instants (UTC) of the records by a clock that is right, the newest first.

    Days begin at midnight as the meter's clock shows it: on 2 April a daily freeze in Madrid has 2026-04-01T22:00Z,
    2026-03-31T22:00Z, and further on 2026-03-28T23:00Z.
    """
    shown = clock_zone(memory, zone, now)
    return tuple(itertools.islice(_moments(memory.step, now, shown), memory.records))


def _moments(step: int | str, now: datetime, shown: tzinfo) -> Iterator[datetime]:
    today = now.astimezone(shown).date()
    if step == MONTH:
        for number in itertools.count():
            years, month = divmod(today.year * 12 + today.month - 1 - number, 12)
            yield _midnight(date(years, month + 1, 1), shown)
    elif step == DAY_MINUTES:
        for number in itertools.count():
            yield _midnight(today - timedelta(days=number), shown)
    else:
        every = timedelta(minutes=int(step))
        wall = now.astimezone(shown).replace(tzinfo=UTC)
        newest = now - (wall - _EPOCH) % every
        for number in itertools.count():
            yield newest - number * every


def clock_zone(memory: Memory, zone: ZoneInfo, at: datetime) -> tzinfo:
    """This will return the zone in which a meter at a place keeps its clock."""
    if memory.time == "UTC":
        return UTC
    if memory.time == "LOCAL":
        return zone
    there = at.astimezone(zone)
    return timezone((there.utcoffset() or timedelta(0)) - (there.dst() or timedelta(0)))


def block(memory: Memory, number: int) -> Block:
    """This will return the request for record `number`, counted from 1, the newest."""
    return Block(memory.function, memory.address + (number - 1) * memory.stride, memory.words)


def ring_block(memory: Memory, newest: int, number: int) -> Block:
    """This will return the request for record `number` of a ring, counted from 1, the newest, which lies at `newest`.

    Of 96 places, with the newest at place 1, record 3 lies at place 95.
    """
    place = (newest - (number - 1)) % memory.records
    return Block(memory.function, memory.address + place * memory.stride, memory.words)


def pointer_block(memory: Memory, ring: Ring) -> Block:
    """This will return the request for the pointer of a ring."""
    return Block(memory.function, ring.address, 1)


def pointed(memory: Memory, ring: Ring, words: Sequence[int]) -> int | None:
    """This will return the place of the newest record, counted from 0; None where the pointer points nowhere.

    A pointer to the place that is written next, of 96 places counted from 1: after 96 was written it says 1.
    """
    place = words[0] - ring.base
    if ring.names == NEXT:
        # Some count on to one behind the last place before they begin again.
        return (place - 1) % memory.records if 0 <= place <= memory.records else None
    return place if 0 <= place < memory.records else None


def stamped_at(memory: Memory, words: Sequence[int], *, shown: tzinfo) -> datetime | None:
    """This will return when a record was made by the meter's clock; None where it was never written, or has no time."""
    stamp = memory.stamp
    if stamp is None or (len(set(words)) == 1 and words[0] in EMPTY):
        return None
    wall = wall_time(words[stamp.address : stamp.address + stamp.words], stamp)
    return None if wall is None else _instant(wall, shown, 0)


def clock_block(memory: Memory) -> Block | None:
    """This will return the request for the meter's clock; None where it is not known."""
    return None if memory.clock is None else Block(memory.function, memory.clock.address, memory.clock.words)


def difference(wall: datetime, *, at: datetime, shown: tzinfo) -> timedelta:
    """This will return how far the meter's clock is ahead of ours; up to five seconds are none.

    :param wall: what its clock showed at `at`, without a zone
    :raises ClockWrong: when that is more than an hour
    """
    found = min((_instant(wall, shown, fold) - at for fold in (0, 1)), key=abs)
    if abs(found) > MOST_DIFFERENCE:
        raise ClockWrong(f"its clock shows {wall.isoformat(sep=' ')}", clock=wall.isoformat())
    return timedelta(0) if abs(found) <= STEADY else timedelta(seconds=round(found.total_seconds()))


def wall_time(words: Sequence[int], place: Place) -> datetime | None:
    """This will read an instant as the meter writes it, without a zone; None when it is none.

    SIX_BYTES 0x1A03 0x0F00 0x0000 are 2026-03-15 00:00:00.
    """
    try:
        if place.format == "UNIX":
            return (_EPOCH + timedelta(seconds=(words[0] << 16) + words[1])).replace(tzinfo=None)
        parts = list(words)
        if place.format == "SIX_BYTES":
            parts = [octet for word in words for octet in divmod(word, 256)]
        year, month, day, hour, minute, second = parts
        return datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second)  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None


def from_words(
    model: MeterModel, memory: Memory, words: tuple[int, ...], *, at: datetime, ahead: timedelta, shown: tzinfo
) -> list[Remembered]:
    """This will decode one record; counters that hold no possible value, and records without a time, are left out.

    :param at: when the record was made by a clock that is right; the record's own stamp counts where it has one
    :param ahead: of the meter's clock
    :param shown: the zone in which the meter keeps its clock
    """
    if len(set(words)) == 1 and words[0] in EMPTY:
        return []
    instant = at
    if memory.stamp is not None:
        stamp = memory.stamp
        wall = wall_time(words[stamp.address : stamp.address + stamp.words], stamp)
        if wall is None:
            return []
        instant = min((_instant(wall, shown, fold) for fold in (0, 1)), key=lambda each: abs(each - at))
    found = []
    for each in memory.registers:
        live = model.register(each.code)
        register = dataclasses.replace(live, type=each.type or live.type, scale=each.scale or live.scale)
        try:
            sample = decode.decode(register, words[each.offset : each.offset + checks.WORDS[register.type]])
        except (errors.Nonsense, ValueError):
            continue
        found.append(Remembered(each.code, (instant - ahead).replace(microsecond=0), sample.value))
    return found


def clock_of(records: Iterable[Record]) -> datetime | None:
    """This will return what the clock of a meter shows that names its values, without a zone; None when it has none."""
    return next((_moment(each.text) for each in records if each.name == CLOCK_OF_MBUS), None)


def from_records(
    model: MeterModel, memory: Memory, records: Sequence[Record], *, ahead: timedelta, shown: tzinfo
) -> list[Remembered]:
    """This will find what a meter remembers among the records that it names, by their storage numbers.

    A storage has its own date or time; without one it lies a step before the storage below it.
    """
    known = {each.name: each for each in records}
    found: list[Remembered] = []
    before: datetime | None = None
    for number in range(1, memory.records + 1):
        instant = _stored_at(memory, known, number, shown, before)
        if instant is None:
            continue
        before = instant
        for each in memory.registers:
            live = model.register(each.code)
            name = stored_name(live.record, number)
            if name not in known:
                continue
            try:
                sample = decode.decode_record(dataclasses.replace(live, record=name), known[name])
            except errors.Nonsense:
                continue
            found.append(Remembered(each.code, (instant - ahead).replace(microsecond=0), sample.value))
    return found


def stored_name(name: str, number: int) -> str:
    """This will return the name of a record's value in a storage: "energy.tariff1" is "energy.storage2.tariff1"."""
    head, dot, rest = name.partition(".")
    return f"{head}.storage{number}{dot}{rest}"


def _stored_at(
    memory: Memory, known: dict[str, Record], number: int, shown: tzinfo, before: datetime | None
) -> datetime | None:
    for name in ("time-point-date-time", "time-point-date"):
        record = known.get(f"{name}.storage{number}")
        wall = _moment(record.text) if record is not None else None
        if wall is not None and record is not None:
            is_date = "T" not in record.text
            return _instant(wall + timedelta(days=1) if is_date and memory.is_end else wall, shown, 0)
    if before is None:
        return None
    earlier = _moments(memory.step, before - timedelta.resolution, shown)
    return next(earlier)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        return None


def _instant(wall: datetime, shown: tzinfo, fold: int) -> datetime:
    return wall.replace(tzinfo=shown, fold=fold).astimezone(UTC)


def _midnight(day: date, shown: tzinfo) -> datetime:
    return datetime.combine(day, time.min, shown).astimezone(UTC)
