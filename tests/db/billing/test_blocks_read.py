"""Day blocks that bills read in bulk are those that one would read one by one, whatever is unusual about them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connections
from psycopg import sql

from meterbook.billing.calculating import usage
from meterbook.foundation import bulk, scoping
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks
from tests.factories import billing, identity

COLUMNS = ["int4", "int8", "date", "int2", "int2", "bytea", "bytea", "bytea"]
COPY = sql.SQL(
    "COPY metering_seriesday (organization_id, series_id, day, revision, step, values, quality, digest)"
    " FROM STDIN (FORMAT BINARY)"
)
FIRST, DAYS, STEP = date(2031, 3, 30), 5, 15
SLOTS = blocks.MINUTES_A_DAY // STEP
KINDS = ("plain", "wide", "widest", "gap", "revised", "both", "overruled", "odd", "hourly", "fine", "none")
Row = tuple[int, int, date, int, int, bytes, bytes | None, bytes]


class Series:
    """One series of a kind, with what must be read of it: values, qualities, digests and revision."""

    def __init__(self, organization_id: int, series_id: int, kind: str, chance: random.Random) -> None:
        self.id, self.kind, self.chance, self.organization_id = series_id, kind, chance, organization_id
        self.rows: list[Row] = []
        self.values = np.zeros((DAYS, SLOTS), np.int64)
        self.codes = np.full((DAYS, SLOTS), Quality.MISSING, np.uint8)
        self.digests, self.revision = [bytes(blocks.DIGEST_SIZE)] * DAYS, 0
        for day in range(DAYS):
            if kind != "none" and not (kind == "gap" and day == 2):
                self._add(day)

    def _add(self, day: int) -> None:
        special = day == 1
        if self.kind in {"both", "overruled"} and special:
            self._row(day, 0, STEP, Quality.VALID)
        quality = Quality.ESTIMATED if self.kind in {"odd", "overruled"} and special else Quality.VALID
        step = {"hourly": 60, "fine": 5}.get(self.kind, STEP) if special else STEP
        self._row(day, 3 if self.kind in {"revised", "both", "overruled"} and special else 0, step, quality)

    def _row(self, day: int, revision: int, step: int, quality: Quality) -> None:
        slots = blocks.MINUTES_A_DAY // step
        most = {"wide": 100_000, "widest": 10**12}.get(self.kind, 900)
        values = np.array([self.chance.randrange(-most, most) for _ in range(slots)], np.int64)
        codes = np.zeros(slots, np.uint8)
        codes[:7] = quality
        block = blocks.encode(values, codes, step)
        on = FIRST + timedelta(days=day)
        self.rows.append((self.organization_id, self.id, on, revision, step, block.values, block.quality, block.digest))
        self._expect(day, values, codes, step)
        self.digests[day], self.revision = block.digest, max(self.revision, revision)

    def _expect(self, day: int, values: blocks.Integers, codes: blocks.Codes, step: int) -> None:
        if step < STEP:
            values, codes = values.reshape(SLOTS, -1).sum(axis=1), codes.reshape(SLOTS, -1).max(axis=1)
        elif step > STEP:
            size = step // STEP
            values = np.array([value if place == size - 1 else 0 for value in values for place in range(size)])
            codes = np.full(SLOTS, Quality.INTERPOLATED, np.uint8)
        self.values[day], self.codes[day] = values, codes


@pytest.mark.parametrize("portion", [1 << 25, DAYS * SLOTS * 3], ids=["at once", "by threes"])
@pytest.mark.spec("B-12")
def test_blocks_in_bulk_are_those_read_one_by_one(portion: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_PORTION", portion)
    chance = random.Random(20310330)  # noqa: S311 - the same cases again and again
    organization_id = identity.organization().pk
    kinds = [*KINDS, *chance.choices(KINDS, k=20)]
    made = [Series(organization_id, portion * 10_000 + 3 * place, kind, chance) for place, kind in enumerate(kinds)]
    rows = [row for each in made for row in each.rows]
    chance.shuffle(rows)
    _store(rows)
    with scoping.scope([organization_id], actor=billing.ACTOR):
        found = usage.load(
            organization_id=organization_id,
            series_ids=chance.sample([each.id for each in made], len(made)),
            step=STEP,
            first=FIRST,
            until=FIRST + timedelta(days=DAYS),
        )
    start = datetime.combine(FIRST, datetime.min.time(), UTC)
    whole = Period(start, start + timedelta(days=DAYS))
    for each in made:
        codes = found.codes(each.id, whole)
        read = np.zeros(DAYS * SLOTS, np.uint8) if codes is None else codes
        assert (found.values[found.row_of[each.id]] == each.values.reshape(-1)).all(), each.kind
        assert (read == each.codes.reshape(-1)).all(), each.kind
        assert found.digests[each.id] == b"".join(each.digests), each.kind
        assert found.revision[each.id] == each.revision, each.kind


def _store(rows: list[Row]) -> None:
    with connections["default"].cursor() as cursor:
        for day in (FIRST, FIRST + timedelta(days=DAYS)):
            cursor.execute("SELECT metering_make_partition('metering_seriesday', %s)", [day])
    with bulk.transact() as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(COLUMNS)
        for row in rows:
            copy.write_row(row)
