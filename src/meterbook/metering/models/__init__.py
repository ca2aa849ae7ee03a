"""Tables of metering: what hangs on the wall (`meters`), what it counts (`series`), and the series store (`store`)."""

from meterbook.metering.models.estimating import CorrectionProposal, EstimatingPolicy
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
from meterbook.metering.models.store import (
    ChangedDays,
    DirtyDays,
    LatestChunk,
    Reading,
    SeriesDay,
    SeriesMonth,
    SiteDay,
)
from meterbook.metering.models.taking import ReadingRule, TakenReading
from meterbook.metering.models.virtual import VirtualFormula, VirtualMeter, VirtualTerm

__all__ = [
    "WAITING_FINDINGS",
    "ChangedDays",
    "Correction",
    "CorrectionProposal",
    "DirtyDays",
    "EstimatingPolicy",
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
    "ReadingRule",
    "Series",
    "SeriesDay",
    "SeriesFinding",
    "SeriesMonth",
    "SiteDay",
    "TakenReading",
    "VirtualFormula",
    "VirtualMeter",
    "VirtualTerm",
]
