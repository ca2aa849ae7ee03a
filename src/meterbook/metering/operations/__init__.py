"""Changes of metering, by subject; callers say `metering_operations.record_readings(...)`."""

from meterbook.metering.operations.batches import BatchInvalid, ReadingBatch
from meterbook.metering.operations.correcting import CorrectionIncomplete, correct_readings
from meterbook.metering.operations.deriving import DeriveOutcome, derive_dirty_days
from meterbook.metering.operations.entering import (
    CorrectionNotAllowed,
    Doubt,
    EnteredAs,
    ReadingDoubtful,
    enter_reading,
)
from meterbook.metering.operations.import_files import (
    FileShape,
    ImportDone,
    change_import_mapping,
    check_import_file,
    describe_import_file,
    discard_import_file,
    import_file,
    upload_import_file,
)
from meterbook.metering.operations.importing import (
    ImportOutcome,
    PointOutcome,
    SiteNotOpen,
    check_import,
    import_readings,
)
from meterbook.metering.operations.installing import (
    Closing,
    ClosingMissing,
    MeterElsewhere,
    OutsideInstallation,
    PointOccupied,
    RegisterPlan,
    RegistersArePrimary,
    change_multiplier,
    exchange_meter,
    install_meter,
    remove_meter,
)
from meterbook.metering.operations.meters import CodeTaken, create_meter, create_meter_point
from meterbook.metering.operations.noting import ReadingOutOfRange, make_room, note_reading, require_fit
from meterbook.metering.operations.partitions import make_partitions
from meterbook.metering.operations.photographing import keep_photo
from meterbook.metering.operations.placing import move_point, rename_point
from meterbook.metering.operations.recording import (
    RecordOutcome,
    SeriesNotInOrganization,
    StoreBusy,
    record_latest,
    record_readings,
)
from meterbook.metering.operations.settling import FindingGone, TooManyReadings, Verdict, settle
from meterbook.metering.operations.totals import rebuild_totals
from meterbook.metering.operations.zoning import LanguageUnknown, set_zone_and_language

__all__ = [
    "BatchInvalid",
    "Closing",
    "ClosingMissing",
    "CodeTaken",
    "CorrectionIncomplete",
    "CorrectionNotAllowed",
    "DeriveOutcome",
    "Doubt",
    "EnteredAs",
    "FileShape",
    "FindingGone",
    "ImportDone",
    "ImportOutcome",
    "LanguageUnknown",
    "MeterElsewhere",
    "OutsideInstallation",
    "PointOccupied",
    "PointOutcome",
    "ReadingBatch",
    "ReadingDoubtful",
    "ReadingOutOfRange",
    "RecordOutcome",
    "RegisterPlan",
    "RegistersArePrimary",
    "SeriesNotInOrganization",
    "SiteNotOpen",
    "StoreBusy",
    "TooManyReadings",
    "Verdict",
    "change_import_mapping",
    "change_multiplier",
    "check_import",
    "check_import_file",
    "correct_readings",
    "create_meter",
    "create_meter_point",
    "derive_dirty_days",
    "describe_import_file",
    "discard_import_file",
    "enter_reading",
    "exchange_meter",
    "import_file",
    "import_readings",
    "install_meter",
    "keep_photo",
    "make_partitions",
    "make_room",
    "move_point",
    "note_reading",
    "rebuild_totals",
    "record_latest",
    "record_readings",
    "remove_meter",
    "rename_point",
    "require_fit",
    "set_zone_and_language",
    "settle",
    "upload_import_file",
]
