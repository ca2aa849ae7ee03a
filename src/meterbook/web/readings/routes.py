"""Routes of readings by hand, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.readings import views

urlpatterns = [
    path("", views.enter, name="readings_enter"),
    path("photos/<uuid:reading_photo>", views.photo, name="reading_photo"),
    path("sheet", views.sheet, name="readings_sheet"),
]
