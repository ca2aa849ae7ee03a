"""Routes of the meter pages, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.meters import (
    adding,
    adding_probe,
    connecting,
    downloads,
    exchanging,
    list_views,
    listing,
    live,
    multiplying,
    reading_now,
    renaming,
    searching,
    settling,
    views,
    zoning,
)

urlpatterns = [
    path("", listing.meters, name="meters"),
    path("file", listing.file, name="meter_file"),
    path("rows", listing.rows, name="meter_rows"),
    path("views", list_views.change, name="meter_views"),
    path("new", adding.new, name="meter_new"),
    path("new/probe", adding_probe.ask, name="meter_probe"),
    path("new/search", searching.search, name="meter_search"),
    path("new/probes/<uuid:probe>", adding_probe.state, name="meter_probe_state"),
    path("<uuid:meter>/", views.meter, name="meter"),
    path("<uuid:meter>/connection", connecting.connection, name="meter_connection"),
    path("<uuid:meter>/exchange", exchanging.exchange, name="meter_exchange"),
    path("<uuid:meter>/multiplier", multiplying.multiplier, name="meter_multiplier"),
    path("<uuid:meter>/name", renaming.rename, name="meter_name"),
    path("<uuid:meter>/zone", zoning.zone, name="meter_zone"),
    path("<uuid:meter>/settle", settling.settle, name="meter_settle"),
    path("<uuid:meter>/live", live.live, name="meter_live"),
    path("<uuid:meter>/usage", views.usage, name="meter_usage"),
    path("<uuid:meter>/peers", views.peers, name="meter_peers"),
    path("<uuid:meter>/data.csv", downloads.data, name="meter_data"),
    path("<uuid:meter>/data.xlsx", downloads.workbook, name="meter_workbook"),
    path("<uuid:meter>/read", reading_now.read_now, name="meter_read_now"),
    path("<uuid:meter>/requests/<uuid:reading>", reading_now.state, name="meter_reading"),
]
