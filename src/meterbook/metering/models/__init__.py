"""Tables of metering: what hangs on the wall (`meters`), what it counts (`series`), and the series store (`store`)."""

from meterbook.metering.models.imports import ImportFile
from meterbook.metering.models.meters import Installation, Meter, MeterPoint, MultiplierSegment
from meterbook.metering.models.series import Correction, InstallationRegister, ReadingConflict, Series, SeriesFinding
from meterbook.metering.models.store import DirtyDays, LatestChunk, Reading, SeriesDay, SeriesMonth, SiteDay

__all__ = [
    "Correction",
    "DirtyDays",
    "ImportFile",
    "Installation",
    "InstallationRegister",
    "LatestChunk",
    "Meter",
    "MeterPoint",
    "MultiplierSegment",
    "Reading",
    "ReadingConflict",
    "Series",
    "SeriesDay",
    "SeriesFinding",
    "SeriesMonth",
    "SiteDay",
]
