"""Batches of readings as arrays, their checks, and their form on the wire to the server."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality
from meterbook.metering import values

Integers = NDArray[np.int64]
EPOCH_2000 = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000
FIRST, UNTIL = -2_208_988_800_000_000, 4_102_444_800_000_000  # 1900 and 2100
_HEADER = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
_TRAILER = b"\xff\xff"
_ROW = np.dtype(
    [
        ("columns", ">i2"),
        ("l1", ">i4"),
        ("organization_id", ">i4"),
        ("l2", ">i4"),
        ("series_id", ">i8"),
        ("l3", ">i4"),
        ("at", ">i8"),
        ("l4", ">i4"),
        ("value", ">i8"),
        ("l5", ">i4"),
        ("quality", ">i2"),
        ("l6", ">i4"),
        ("source", ">i2"),
        ("l7", ">i4"),
        ("received_at", ">i8"),
    ]
)
COLUMNS = "organization_id, series_id, at, value, quality, source, received_at"


class BatchInvalid(ValueError):
    """A batch of readings needs columns of one length, known codes, and instants between 1900 and 2100."""


@dataclass(frozen=True)
class ReadingBatch:
    """Readings of any series of one organization, arrays of shape (n,).

    `at` microseconds since 1970 in UTC, `value` in the register's resolution, `quality` and `source` as
    `kernel.quality.Quality` and `metering.values.Source`. `arrived` is when each came (microseconds since 1970), where
    whoever read the meters noted it; without it all arrive as they are recorded.
    """

    series_id: Integers
    at: Integers
    value: Integers
    quality: Integers
    source: Integers
    arrived: Integers | None = None

    @classmethod
    def of(
        cls,
        rows: list[tuple[int, int, int]],
        *,
        quality: Quality = Quality.VALID,
        source: values.Source = values.Source.METER,
    ) -> ReadingBatch:
        """This will make a batch from (series id, instant in microseconds, value) rows of one quality and source."""
        table = np.array(rows, np.int64).reshape(-1, 3)
        size = len(table)
        return cls(
            series_id=table[:, 0].copy(),
            at=table[:, 1].copy(),
            value=table[:, 2].copy(),
            quality=np.full(size, int(quality), np.int64),
            source=np.full(size, int(source), np.int64),
        )

    def __len__(self) -> int:
        return len(self.series_id)

    def take(self, chosen: NDArray[np.generic]) -> ReadingBatch:
        """This will return the rows of an index or boolean array."""
        return ReadingBatch(
            self.series_id[chosen],
            self.at[chosen],
            self.value[chosen],
            self.quality[chosen],
            self.source[chosen],
            None if self.arrived is None else self.arrived[chosen],
        )

    def in_order(self) -> ReadingBatch:
        """This will return the rows sorted by the key (series, at, source); equal keys stay in the order given."""
        if len(self) < 2 or bool((np.diff(self.series_id) > 0).all()):
            return self
        return self.take(np.lexsort((self.source, self.at, self.series_id)))


def require_sound(batch: ReadingBatch) -> None:
    """This will check shapes, codes and the range of instants.

    :raises BatchInvalid: naming the first row that is wrong
    """
    columns = [batch.series_id, batch.at, batch.value, batch.quality, batch.source]
    columns += [] if batch.arrived is None else [batch.arrived]
    if any(column.ndim != 1 or len(column) != len(batch) or column.dtype.kind != "i" for column in columns):
        raise BatchInvalid(_("The columns of a batch of readings must be whole numbers and of one length."))
    checks = (
        (~np.isin(batch.quality, [int(each) for each in Quality]), _("unknown quality code")),
        (~np.isin(batch.source, [int(each) for each in values.Source]), _("unknown source code")),
        *((_outside(each), _("instant outside the years 1900 to 2099")) for each in (batch.at, batch.arrived)),
    )
    for is_wrong, words in checks:
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            raise BatchInvalid(
                _("Reading %(row)s of the batch, series %(series)s: %(problem)s.")
                % {"row": row + 1, "series": int(batch.series_id[row]), "problem": words}
            )


def _outside(instants: Integers | None) -> NDArray[np.bool_]:
    return np.zeros(0, np.bool_) if instants is None else (instants < FIRST) | (instants >= UNTIL)


def distinct(ordered: Integers) -> Integers:
    """This will return the different numbers of an ordered array."""
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def same_key(batch: ReadingBatch) -> NDArray[np.bool_]:
    """This will tell for each row of an ordered batch whether its key equals that of the row before it."""
    result = np.zeros(len(batch), np.bool_)
    result[1:] = (
        (batch.series_id[1:] == batch.series_id[:-1])
        & (batch.at[1:] == batch.at[:-1])
        & (batch.source[1:] == batch.source[:-1])
    )
    return result


def copy_bytes(batch: ReadingBatch, *, organization_id: int, received_at: int) -> bytes:
    """This will return the batch in the binary COPY format for the columns `COLUMNS`.

    :param received_at: when those arrived of which nothing else was noted; microseconds since 1970 in UTC
    """
    rows = np.empty(len(batch), _ROW)
    rows["columns"] = 7
    rows["l1"], rows["organization_id"] = 4, organization_id
    rows["l2"], rows["series_id"] = 8, batch.series_id
    rows["l3"], rows["at"] = 8, batch.at - EPOCH_2000
    rows["l4"], rows["value"] = 8, batch.value
    rows["l5"], rows["quality"] = 2, batch.quality
    rows["l6"], rows["source"] = 2, batch.source
    rows["l7"], rows["received_at"] = 8, (received_at if batch.arrived is None else batch.arrived) - EPOCH_2000
    return _HEADER + rows.tobytes() + _TRAILER
