"""Tables of metering: what hangs on the wall (`meters`), what it counts (`series`), and the series store (`store`)."""

from meterbook.metering.models.imports import ImportFile
from meterbook.metering.models.meters import Installation, Meter, MeterPoint, MultiplierSegment
from meterbook.metering.models.photos import ReadingPhoto
from meterbook.metering.models.places import PointPlacement
from meterbook.metering.models.series import (
    WAITING_FINDINGS,
    Correction,
    InstallationRegister,
    ReadingConflict,
    Series,
    SeriesFinding,
)
from meterbook.metering.models.store import DirtyDays, LatestChunk, Reading, SeriesDay, SeriesMonth, SiteDay

__all__ = [
    "WAITING_FINDINGS",
    "Correction",
    "DirtyDays",
    "ImportFile",
    "Installation",
    "InstallationRegister",
    "LatestChunk",
    "Meter",
    "MeterPoint",
    "MultiplierSegment",
    "PointPlacement",
    "Reading",
    "ReadingConflict",
    "ReadingPhoto",
    "Series",
    "SeriesDay",
    "SeriesFinding",
    "SeriesMonth",
    "SiteDay",
]
