"""Routes of commissioning, below the topology of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.commissioning import buses, discovering, found_meters, searching

urlpatterns: list[URLPattern] = [
    path("", buses.choose, name="commissioning"),
    path("buses/<uuid:bus>/", searching.bus, name="commission_bus"),
    path("buses/<uuid:bus>/found.xlsx", searching.workbook, name="commission_workbook"),
    path("buses/<uuid:bus>/step", searching.step, name="commission_step"),
    path("meters/<uuid:found>/", found_meters.meter, name="found_meter"),
    path("meters/<uuid:found>/survey", found_meters.survey, name="found_meter_survey"),
    path("meters/<uuid:found>/sunspec", discovering.of_found, name="found_meter_sunspec"),
    path("sunspec", discovering.ask, name="sunspec_ask"),
    path("sunspec/<uuid:discovery>/", discovering.of_question, name="sunspec"),
]
