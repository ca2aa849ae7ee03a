"""Routes about gaps and edits of meters, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.filling import checks, edits, gap, memory, minimum, order, temperatures, thresholds

urlpatterns = [
    path("meters/<uuid:meter>/gap", gap.gap, name="meter_gap"),
    path("meters/<uuid:meter>/memory", memory.ask, name="meter_memory"),
    path("meters/<uuid:meter>/memory/set", memory.set_asked, name="meter_memory_set"),
    path("meters/<uuid:meter>/edits", edits.edits, name="meter_edits"),
    path("meters/<uuid:meter>/estimates/<uuid:estimate>/withdraw", edits.withdraw, name="estimate_withdraw"),
    path("meters/<uuid:meter>/proposals/<uuid:proposal>/decide", edits.decide, name="correction_decide"),
    path("meters/<uuid:meter>/minimum", minimum.minimum, name="meter_minimum"),
    path("quality/checks/thresholds", thresholds.edit, name="check_thresholds"),
    path("quality/temperatures", temperatures.temperatures, name="day_temperatures"),
    path("quality/checks", checks.checks, name="day_checks"),
    path("quality/checks/<uuid:day_finding>/settle", checks.settle, name="day_check_settle"),
    path("quality/estimating", order.order, name="estimating_order"),
]
