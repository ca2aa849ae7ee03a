"""Routes of the data quality, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.quality import files, midnights, views

urlpatterns = [
    path("", views.quality, name="quality"),
    path("sums", views.sums, name="quality_sums"),
    path("file", files.file, name="quality_file"),
    path("meters/<uuid:meter>/midnights", midnights.midnights, name="meter_midnights"),
    path("meters/<uuid:meter>/midnights/file", midnights.file, name="meter_midnights_file"),
]
