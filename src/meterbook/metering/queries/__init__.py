"""Reads of metering; each needs a running scope."""

from meterbook.metering.queries.assigned import AssignedPoint, points_by_code, points_by_id, points_by_public_id
from meterbook.metering.queries.by_place import PlaceUse, use_by_place
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
from meterbook.metering.queries.deciding import OpenFinding, open_findings, open_findings_by_code
from meterbook.metering.queries.edits import (
    ConflictRow,
    EditRow,
    EstimateState,
    ProposalRow,
    estimating_order,
    is_estimate_of,
    is_proposal_of,
    list_conflicts,
    list_edits,
    list_proposals,
    standing_estimates,
)
from meterbook.metering.queries.evidence import gather
from meterbook.metering.queries.faces import Face, faces_at
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
from meterbook.metering.queries.peers import PeerRow, list_peers
from meterbook.metering.queries.photos import PhotoNotFound, get_photo, photos_of
from meterbook.metering.queries.power import LivePower, live_power
from meterbook.metering.queries.readings import (
    CorrectionRow,
    FindingRow,
    ReadingRow,
    latest_readings,
    list_corrections,
    list_findings,
)
from meterbook.metering.queries.series import SeriesRow, list_series, series_within
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
from meterbook.metering.queries.totals import Figure, Hour, ServiceUse, days_with_blocks, service_use
from meterbook.metering.queries.uses import Use, used_in
from meterbook.metering.queries.virtual import (
    MOST_INPUT_DAYS,
    Candidate,
    FormulaShown,
    InputUse,
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
    "LATE_AFTER",
    "MOST_CONSUMERS",
    "MOST_INPUT_DAYS",
    "Against",
    "AssignedPoint",
    "Candidate",
    "Cell",
    "Comparison",
    "CompletenessRow",
    "CompletenessSums",
    "ConflictRow",
    "Consumer",
    "CorrectionRow",
    "EditRow",
    "EstimateState",
    "Face",
    "Figure",
    "FindingRow",
    "FlaggedRow",
    "FormulaShown",
    "Gap",
    "GapRefused",
    "Grain",
    "Grid",
    "HangingPoint",
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
    "MultiplierRow",
    "NoGap",
    "OpenEnds",
    "OpenFinding",
    "PeerRow",
    "PhotoNotFound",
    "Place",
    "PlaceUse",
    "Point",
    "PointZone",
    "ProposalRow",
    "ReadingRow",
    "RegisterRow",
    "SeriesRow",
    "ServiceUse",
    "Slot",
    "SlotState",
    "Span",
    "TermRow",
    "Usage",
    "Use",
    "View",
    "VirtualNotFound",
    "VirtualRow",
    "WaitingFindings",
    "bounds",
    "completeness",
    "completeness_sums",
    "count_open_ends",
    "daily",
    "days_with_blocks",
    "estimating_order",
    "faces_at",
    "fed_by",
    "find_gap",
    "find_hanging",
    "find_zone",
    "first_known",
    "free_span",
    "gather",
    "get_import",
    "get_intervals",
    "get_meter",
    "get_photo",
    "get_virtual",
    "is_estimate_of",
    "is_proposal_of",
    "latest_readings",
    "list_candidates",
    "list_conflicts",
    "list_corrections",
    "list_edits",
    "list_findings",
    "list_flagged",
    "list_hanging",
    "list_imports",
    "list_peers",
    "list_proposals",
    "list_series",
    "list_virtual",
    "live_power",
    "live_values",
    "narrowed",
    "newest_known",
    "open_findings",
    "open_findings_by_code",
    "photos_of",
    "points_by_code",
    "points_by_id",
    "points_by_public_id",
    "points_with_gaps",
    "points_with_open_end",
    "series_within",
    "service_use",
    "site_of_taken",
    "sites_with_photos",
    "span",
    "span_before",
    "span_year_before",
    "standing_estimates",
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
