"""Reads of metering; each needs a running scope."""

from meterbook.metering.queries.apart import find_apart
from meterbook.metering.queries.assets import (
    Asset,
    AssetFileNotFound,
    EquipmentRow,
    FileRow,
    PlateRow,
    TestRow,
    assets_of,
    equipment_at,
    equipment_of,
    get_asset_file,
    get_test,
    plate_at,
)
from meterbook.metering.queries.assigned import (
    AssignedPoint,
    newest_code,
    points_by_code,
    points_by_id,
    points_by_public_id,
)
from meterbook.metering.queries.by_place import PlaceUse, use_by_place
from meterbook.metering.queries.calibrated import (
    CalibrationRow,
    Expiry,
    PastCalibration,
    calibrations_expiring,
    list_calibrations,
    past_calibration,
)
from meterbook.metering.queries.comparing import Comparison
from meterbook.metering.queries.completeness import (
    Cell,
    CompletenessRow,
    CompletenessSums,
    OpenEnds,
    completeness,
    completeness_sums,
    count_open_ends,
)
from meterbook.metering.queries.consumers import MOST_CONSUMERS, Consumer, top_consumers
from meterbook.metering.queries.consumption import Against, Point, Usage, usage, usage_of, without_detail
from meterbook.metering.queries.count_changes import COUNT_KINDS, CountChange, count_changes
from meterbook.metering.queries.deciding import OpenFinding, open_findings, open_findings_by_code
from meterbook.metering.queries.edits import (
    ConflictRow,
    EditRow,
    EstimateState,
    is_estimate_of,
    list_conflicts,
    list_edits,
    standing_estimates,
)
from meterbook.metering.queries.estimated import estimated_months
from meterbook.metering.queries.evidence import gather
from meterbook.metering.queries.faces import Face, face_of, faces_at
from meterbook.metering.queries.firsts import first_known
from meterbook.metering.queries.gaps import Gap, GapRefused, NoGap, find_gap
from meterbook.metering.queries.gridded import Grid
from meterbook.metering.queries.hanging import HangingPoint, find_hanging, list_hanging
from meterbook.metering.queries.imports import (
    ImportNotFound,
    ImportRow,
    get_import,
    list_imports,
    waiting_imports,
)
from meterbook.metering.queries.intervals import get_intervals, newest_known
from meterbook.metering.queries.lacking import points_with_gaps, points_with_open_end
from meterbook.metering.queries.listing import LATE_AFTER, MeterState, state_at
from meterbook.metering.queries.live import LiveRow, live_values
from meterbook.metering.queries.meters import (
    InstallationRow,
    MeterDetail,
    MeterNotFound,
    MultiplierRow,
    RegisterRow,
    get_meter,
)
from meterbook.metering.queries.newest import newest_readings
from meterbook.metering.queries.peers import PeerRow, list_peers
from meterbook.metering.queries.photos import PhotoNotFound, get_photo, photos_of
from meterbook.metering.queries.policies import (
    EstimatingRow,
    MinimumRow,
    TemperatureRow,
    estimating_order,
    estimating_policy,
    list_minimums,
    list_temperatures,
)
from meterbook.metering.queries.power import LivePower, live_power
from meterbook.metering.queries.proposals import ProposalRow, is_proposal_of, list_proposals, proposal_states
from meterbook.metering.queries.ratios import standing_ratios
from meterbook.metering.queries.readings import (
    CorrectionRow,
    FindingRow,
    ReadingRow,
    latest_readings,
    list_corrections,
    list_findings,
)
from meterbook.metering.queries.series import SeriesRow, list_series, series_within
from meterbook.metering.queries.shaping import shape_of
from meterbook.metering.queries.site_lines import Place
from meterbook.metering.queries.slots import Slot, SlotState
from meterbook.metering.queries.spans import (
    Grain,
    Span,
    View,
    bounds,
    free_span,
    span,
    span_before,
    span_year_before,
    step_back,
    step_on,
)
from meterbook.metering.queries.taken import FlaggedRow, list_flagged, site_of_taken, sites_with_photos
from meterbook.metering.queries.thresholds import CheckingPolicies, CheckingRow, checking_policies
from meterbook.metering.queries.totals import Figure, Hour, ServiceUse, days_with_blocks, service_use
from meterbook.metering.queries.uses import Use, used_in
from meterbook.metering.queries.virtual import (
    MOST_INPUT_DAYS,
    Candidate,
    FormulaShown,
    HeatShown,
    InputUse,
    Side,
    TermRow,
    VirtualNotFound,
    VirtualRow,
    fed_by,
    get_virtual,
    list_candidates,
    list_virtual,
    uses_of_inputs,
)
from meterbook.metering.queries.waiting import WaitingFindings, waiting_findings
from meterbook.metering.queries.within import daily, narrowed
from meterbook.metering.queries.zoned import PointZone, find_zone

__all__ = [
    "COUNT_KINDS",
    "LATE_AFTER",
    "MOST_CONSUMERS",
    "MOST_INPUT_DAYS",
    "Against",
    "Asset",
    "AssetFileNotFound",
    "AssignedPoint",
    "CalibrationRow",
    "Candidate",
    "Cell",
    "CheckingPolicies",
    "CheckingRow",
    "Comparison",
    "CompletenessRow",
    "CompletenessSums",
    "ConflictRow",
    "Consumer",
    "CorrectionRow",
    "CountChange",
    "EditRow",
    "EquipmentRow",
    "EstimateState",
    "EstimatingRow",
    "Expiry",
    "Face",
    "Figure",
    "FileRow",
    "FindingRow",
    "FlaggedRow",
    "FormulaShown",
    "Gap",
    "GapRefused",
    "Grain",
    "Grid",
    "HangingPoint",
    "HeatShown",
    "Hour",
    "ImportNotFound",
    "ImportRow",
    "InputUse",
    "InstallationRow",
    "LivePower",
    "LiveRow",
    "MeterDetail",
    "MeterNotFound",
    "MeterState",
    "MinimumRow",
    "MultiplierRow",
    "NoGap",
    "OpenEnds",
    "OpenFinding",
    "PastCalibration",
    "PeerRow",
    "PhotoNotFound",
    "Place",
    "PlaceUse",
    "PlateRow",
    "Point",
    "PointZone",
    "ProposalRow",
    "ReadingRow",
    "RegisterRow",
    "SeriesRow",
    "ServiceUse",
    "Side",
    "Slot",
    "SlotState",
    "Span",
    "TemperatureRow",
    "TermRow",
    "TestRow",
    "Usage",
    "Use",
    "View",
    "VirtualNotFound",
    "VirtualRow",
    "WaitingFindings",
    "assets_of",
    "bounds",
    "calibrations_expiring",
    "checking_policies",
    "completeness",
    "completeness_sums",
    "count_changes",
    "count_open_ends",
    "daily",
    "days_with_blocks",
    "equipment_at",
    "equipment_of",
    "estimated_months",
    "estimating_order",
    "estimating_policy",
    "face_of",
    "faces_at",
    "fed_by",
    "find_apart",
    "find_gap",
    "find_hanging",
    "find_zone",
    "first_known",
    "free_span",
    "gather",
    "get_asset_file",
    "get_import",
    "get_intervals",
    "get_meter",
    "get_photo",
    "get_test",
    "get_virtual",
    "is_estimate_of",
    "is_proposal_of",
    "latest_readings",
    "list_calibrations",
    "list_candidates",
    "list_conflicts",
    "list_corrections",
    "list_edits",
    "list_findings",
    "list_flagged",
    "list_hanging",
    "list_imports",
    "list_minimums",
    "list_peers",
    "list_proposals",
    "list_series",
    "list_temperatures",
    "list_virtual",
    "live_power",
    "live_values",
    "narrowed",
    "newest_code",
    "newest_known",
    "newest_readings",
    "open_findings",
    "open_findings_by_code",
    "past_calibration",
    "photos_of",
    "plate_at",
    "points_by_code",
    "points_by_id",
    "points_by_public_id",
    "points_with_gaps",
    "points_with_open_end",
    "proposal_states",
    "series_within",
    "service_use",
    "shape_of",
    "site_of_taken",
    "sites_with_photos",
    "span",
    "span_before",
    "span_year_before",
    "standing_estimates",
    "standing_ratios",
    "state_at",
    "step_back",
    "step_on",
    "top_consumers",
    "usage",
    "usage_of",
    "use_by_place",
    "used_in",
    "uses_of_inputs",
    "waiting_findings",
    "waiting_imports",
    "without_detail",
]
