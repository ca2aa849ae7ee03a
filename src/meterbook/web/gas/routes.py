"""Routes of what gas holds, below the tariffs of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.gas import entering, views

urlpatterns: list[URLPattern] = [
    path("", views.areas, name="gas_areas"),
    path("new", entering.new, name="gas_area_new"),
    path("file", entering.take, name="gas_file"),
    path("<uuid:gas_area>/", views.area, name="gas_area"),
    path("<uuid:gas_area>/change", entering.change, name="gas_area_change"),
    path("<uuid:gas_area>/value", entering.enter, name="gas_value"),
]
