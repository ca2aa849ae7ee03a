"""A further register of a meter point on a bill: T1 over February 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

from meterbook.billing import content
from meterbook.kernel.quality import Quality

BEGIN, END = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
REFERENCE = content.Reference("s", date(2026, 2, 1), date(2026, 3, 1), 28, 1, "d")
READ = content.Segment(
    serial="7",
    model="imported",
    register="energy_import_t1",
    unit="KWH",
    decimals=3,
    previous=content.Register(BEGIN, 700_000, Quality.VALID, "FIELD"),
    present=content.Register(END, 1_050_000, Quality.VALID, "FIELD"),
    difference=350_000,
    multiplier=Fraction(1),
    quantity=350_000,
)
T1 = content.Counter(
    code="energy_import_t1",
    components=["day"],
    alone=["day"],
    unit="KWH",
    decimals=3,
    segments=[READ],
    quantity=350_000,
    counts=content.Counts(2_688, 0, 0, 0),
    reference=REFERENCE,
)
