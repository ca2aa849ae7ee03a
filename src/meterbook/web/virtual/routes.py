"""Routes of virtual meters, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.virtual import editing, views

urlpatterns = [
    path("", views.listed, name="virtual_meters"),
    path("new", editing.new, name="virtual_meter_new"),
    path("<uuid:virtual>/", views.formula, name="virtual_meter"),
    path("<uuid:virtual>/change", editing.change, name="virtual_meter_change"),
]
