"""Routes of calendars of holidays, below the tariffs of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.calendars import views

urlpatterns: list[URLPattern] = [
    path("", views.calendars, name="calendars"),
    path("new", views.new, name="calendar_new"),
    path("<uuid:calendar>/", views.show, name="calendar"),
    path("<uuid:calendar>/change", views.change, name="calendar_change"),
]
