"""What a gateway sent, on its way into the store: rows to series, the batch once, what the gateway says of itself."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.acquisition import gateway_models, gateway_values, gateways
from meterbook.acquisition.gateway_values import IncidentKind
from meterbook.acquisition.operations import admitting
from meterbook.acquisition.push import batch as push_batch
from meterbook.acquisition.push import sequences
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source

MOST_TOLD = 1_000  # rows that are named one by one in an answer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Sorted:
    """The rows of a batch that have a series, and those that were refused, as the answer tells them."""

    batch: metering_operations.ReadingBatch
    rejected: tuple[dict[str, Any], ...]
    rejected_rows: int


def sort_rows(
    groups: Sequence[push_batch.Group],
    feeds: Mapping[tuple[str, str], Sequence[gateways.Feed]],
    at: datetime,
    *,
    limit: int | None = None,
) -> Sorted:
    """This will find the series of each row, by meter, register and where the meter hung at that instant.

    A value of fewer decimals than the register counts is written in the register's; one of more, only where nothing is
    lost: 12.30 with two decimals is 12.3 with one.

    :param at: the product's present instant; readings of the future and of long ago are refused
    :param limit: how many meters the gateway may have, when it has them: a further one is refused with that reason
    """
    sorter = _Sorter(feeds, at, limit)
    for number, group in enumerate(groups):
        sorter.add(number, group)
    return sorter.result()


@dataclass(frozen=True)
class Kept:
    """What `keep_batch` is to keep of an accepted batch: what became of its rows, and its digest."""

    digest: str
    outcome: metering_operations.RecordOutcome
    sorted: Sorted


@operation.operation
def keep_batch(
    *, actor: Actor, at: datetime, admitted: admitting.Admitted, message: admitting.Message, kept: Kept
) -> tuple[dict[str, Any], bool]:
    """This will keep that a batch was accepted, once its readings are stored; it returns the answer, and if it is new.

    Another process that kept the same batch meanwhile goes first: its answer is returned.

    :raises admitting.MessageRefused: when it kept another content under the same number
    """
    organization_id = scoping.current().organization_id
    stamp = message.stamp
    boot = admitting.boot_of(gateway_id=admitted.gateway_id, key_id=admitted.key_id, stamp=stamp)
    known = gateway_models.GatewayBatch.objects.filter(
        organization_id=organization_id, boot=boot, sequence=stamp.sequence
    ).first()
    if known is not None:
        if known.digest != kept.digest:
            raise admitting.MessageRefused(IncidentKind.CONTENT)
        return dict(known.answer), False
    received = sequences.Received(boot.highest, sequences.read_gaps(boot.gaps))
    received = received.with_one(stamp.sequence)
    boot.highest, boot.gaps = received.highest, [list(each) for each in received.gaps]
    boot.save(update_fields=["highest", "gaps"])
    answer = {
        "sequence": stamp.sequence,
        "stored": kept.outcome.inserted,
        "known": kept.outcome.unchanged,
        "conflicting": kept.outcome.conflicts,
        "rejected_rows": kept.sorted.rejected_rows,
        "rejected": list(kept.sorted.rejected),
    }
    gateway_models.GatewayBatch.objects.create(
        organization_id=organization_id,
        boot=boot,
        sequence=stamp.sequence,
        digest=kept.digest,
        received_at=at,
        answer=answer,
    )
    admitting.note_clone(actor=actor, at=at, boot=boot, stamp=stamp)
    return answer, True


@operation.operation
def note_repeat(*, actor: Actor, at: datetime, admitted: admitting.Admitted, message: admitting.Message) -> None:
    """This will count a batch that came again; nothing else of it is done."""
    organization_id = scoping.current().organization_id
    batches = gateway_models.GatewayBatch.objects.select_for_update().filter(
        organization_id=organization_id, boot__gateway_id=admitted.gateway_id, boot__boot=message.stamp.boot
    )
    found = batches.get(sequence=message.stamp.sequence)
    found.repeats += 1
    found.save(update_fields=["repeats"])
    admitting.note_incident(actor=actor, at=at, gateway_id=admitted.gateway_id, kind=IncidentKind.REPLAY)


@operation.operation
def note_seen(
    *, actor: Actor, at: datetime, real_at: datetime, gateway_id: int, time: int, status: Mapping[str, Any]
) -> None:
    """This will note that a gateway was heard and what it says of itself.

    :param time: when it signed, in milliseconds since 1970: what its clock is ahead
    """
    gateway = gateway_models.Gateway.objects.select_for_update().get(
        organization_id=scoping.current().organization_id, pk=gateway_id
    )
    gateway.seen_at, gateway.seen_from = at, actor.source[:50]
    own = (admitting.instant(time) - real_at) // timedelta(milliseconds=1)
    gateway.clock_offset_ms = status.get("clock_offset_ms", own)
    for name in ("firmware", "restart_reason", "rssi", "buffered"):
        if name in status:
            setattr(gateway, name, _bounded(status[name]))
    if "buffered" in status:
        oldest = status.get("oldest_at")
        gateway.oldest_buffered_at = admitting.instant(oldest) if oldest is not None and oldest > 0 else None
    gateway.save()


def missing(*, gateway_id: int, boot: str) -> list[list[int]]:
    """This will return the sequences of a boot that have not come, as ranges [first, last]; needs a running scope."""
    found = gateway_models.GatewayBoot.objects.filter(
        organization_id=scoping.current().organization_id, gateway_id=gateway_id, boot=boot
    ).first()
    return list(found.gaps) if found is not None else []


@operation.operation
def forget_batches(*, actor: Actor, at: datetime) -> int:
    """This will forget what was answered to batches long ago; sent again they are too old anyway."""
    old = gateway_models.GatewayBatch.objects.filter(
        organization_id=scoping.current().organization_id, received_at__lt=at - gateway_values.BATCHES_KEPT
    )
    count, _by_model = old.delete()
    return count


class _Sorter:
    """Most groups have one series and are sorted all at once; a meter that hung at several points takes longer."""

    def __init__(
        self, feeds: Mapping[tuple[str, str], Sequence[gateways.Feed]], at: datetime, limit: int | None
    ) -> None:
        self._feeds, self._limit = feeds, limit
        self._meters = {meter for meter, _register in feeds}
        self._until, self._from = _micros(at + gateway_values.FUTURE), _micros(at - gateway_values.PAST)
        self._plain: list[tuple[int, push_batch.Group, gateways.Feed]] = []
        self._parts: list[tuple[Integers, Integers, Integers]] = []
        self._rejected: list[dict[str, Any]] = []
        self._count = 0

    def add(self, number: int, group: push_batch.Group) -> None:
        """This will sort one group, or put it aside for `result`."""
        feeds = self._feeds.get((group.meter, group.register))
        if feeds is None:
            unknown = "unknown_meter" if self._limit is None else "limit"
            code = "unknown_register" if group.meter in self._meters else unknown
            self._reject(number, group, np.ones(len(group.at), np.bool_), code)
        elif len(feeds) == 1 and group.unit in ("", feeds[0].unit) and group.decimals <= feeds[0].decimals:
            self._plain.append((number, group, feeds[0]))
        else:
            self._sort(number, group, feeds, np.ones(len(group.at), np.bool_))

    def result(self) -> Sorted:
        """This will return what was found."""
        self._sort_plain()
        columns = zip(*self._parts, strict=True) if self._parts else itertools.repeat([np.zeros(0, np.int64)], 3)
        series, at, value = (np.concatenate(list(each)) for each in columns)
        size = len(series)
        batch = metering_operations.ReadingBatch(
            series_id=series,
            at=at,
            value=value,
            quality=np.full(size, int(Quality.VALID), np.int64),
            source=np.full(size, int(Source.GATEWAY), np.int64),
        )
        rejected = sorted(self._rejected, key=lambda each: each["group"])
        return Sorted(batch, tuple(rejected), self._count)

    def _sort_plain(self) -> None:
        groups, feeds = [group for _n, group, _f in self._plain], [feed for _n, _g, feed in self._plain]
        sizes = np.array([len(group.at) for group in groups], np.int64)
        which = np.repeat(np.arange(len(groups)), sizes)
        at = np.array(list(itertools.chain.from_iterable(group.at for group in groups)), np.int64) * 1_000
        value = np.array(list(itertools.chain.from_iterable(group.value for group in groups)), np.int64)
        columns = [
            (feed.series_id, feed.first, feed.until, 10 ** (feed.decimals - group.decimals))
            for feed, group in zip(feeds, groups, strict=True)
        ]
        series, first, until, factor = np.array(columns, np.int64).reshape(-1, 4).T[:, which]
        left = np.ones(len(at), np.bool_)
        begins = np.cumsum(sizes) - sizes
        for code, is_wrong in (
            ("future", at > self._until),
            ("past", at < self._from),
            ("not_installed", (at < first) | (at > until)),
            ("value", np.abs(value) >= push_batch.LARGEST // factor),
        ):
            for index in np.unique(which[left & is_wrong]).tolist():
                mine = slice(int(begins[index]), int(begins[index] + sizes[index]))
                self._reject(self._plain[index][0], groups[index], (left & is_wrong)[mine], code)
            left = left & ~is_wrong
        self._parts.append((series[left], at[left], value[left] * factor[left]))

    def _sort(self, number: int, group: push_batch.Group, feeds: Sequence[gateways.Feed], left: Flags) -> None:
        at = np.array(group.at, np.int64) * 1_000
        value = np.array(group.value, np.int64)
        for code, is_wrong in (("future", at > self._until), ("past", at < self._from)):
            self._reject(number, group, left & is_wrong, code)
            left = left & ~is_wrong
        for feed in feeds:
            here = left & (at >= feed.first) & (at <= feed.until)
            left = left & ~here
            if here.any():
                self._take(number, group, feed, here, (at, value))
        self._reject(number, group, left, "not_installed")

    def _take(
        self,
        number: int,
        group: push_batch.Group,
        feed: gateways.Feed,
        here: Flags,
        columns: tuple[Integers, Integers],
    ) -> None:
        at, value = columns
        if group.unit not in ("", feed.unit):
            self._reject(number, group, here, "unit")
            return
        if group.decimals > feed.decimals:
            factor = 10 ** (group.decimals - feed.decimals)
            code, is_good, value = "decimals", value % factor == 0, value // factor
        else:
            factor = 10 ** (feed.decimals - group.decimals)
            is_good = np.abs(value) < push_batch.LARGEST // factor
            code, value = "value", np.where(is_good, value, 0) * factor
        self._reject(number, group, here & ~is_good, code)
        here = here & is_good
        self._parts.append((np.full(int(here.sum()), feed.series_id, np.int64), at[here], value[here]))

    def _reject(self, number: int, group: push_batch.Group, which: Flags, code: str) -> None:
        rows = np.flatnonzero(which)
        if not len(rows):
            return
        self._count += len(rows)
        told = {"group": number, "meter": group.meter, "register": group.register}
        listed = None if len(rows) == len(group.at) else rows[:MOST_TOLD].tolist()
        self._rejected.append({**told, "rows": listed, "count": len(rows), "code": code})
        self._rejected[-1]["detail"] = _words(code, self._limit)


def _words(code: str, limit: int | None) -> str:
    words = {
        "limit": _("The profile of this gateway allows %(limit)s meters, and it has them; this one is not among them.")
        % {"limit": limit},
        "unknown_meter": _("This gateway has no meter of that serial number; add it on the gateway's page."),
        "unknown_register": _("The meter is installed without that register."),
        "unit": _("The register counts in another unit."),
        "decimals": _("The register counts with fewer decimals; the value would lose some."),
        "value": _("The value is too large."),
        "not_installed": _("The meter hung nowhere at that instant, or this gateway no longer read it."),
        "future": _("The instant lies in the future; check the clock of the gateway."),
        "past": _("The instant lies more than 400 days back."),
    }
    return words[code]


def _bounded(value: object) -> object:
    return max(-(2**31), min(2**31 - 1, value)) if isinstance(value, int) else value


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
