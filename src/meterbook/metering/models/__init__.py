"""Tables of metering: what hangs on the wall (`meters`), what it counts (`series`), and the series store (`store`)."""

from meterbook.metering.models.assets import AssetFile, MeterPlate, MeterTest, PointEquipment
from meterbook.metering.models.checking import CheckingPolicy
from meterbook.metering.models.estimating import CorrectionProposal, DayTemperature, EstimatingPolicy, MinimumUse
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
    UncheckedDays,
)
from meterbook.metering.models.taking import ReadingRule, TakenReading
from meterbook.metering.models.virtual import VirtualFormula, VirtualMeter, VirtualTerm

__all__ = [
    "WAITING_FINDINGS",
    "AssetFile",
    "ChangedDays",
    "CheckingPolicy",
    "Correction",
    "CorrectionProposal",
    "DayTemperature",
    "DirtyDays",
    "EstimatingPolicy",
    "ImportFile",
    "Installation",
    "InstallationRegister",
    "LatestChunk",
    "Meter",
    "MeterPlate",
    "MeterPoint",
    "MeterTest",
    "MinimumUse",
    "MultiplierSegment",
    "PointEquipment",
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
    "UncheckedDays",
    "VirtualFormula",
    "VirtualMeter",
    "VirtualTerm",
]
