"""Routes of readings by hand, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.readings import offline, review, views

urlpatterns = [
    path("", views.enter, name="readings_enter"),
    path("photos/<uuid:reading_photo>", views.photo, name="reading_photo"),
    path("at/<uuid:meter>", offline.at_label, name="readings_at"),
    path("worker.js", offline.worker, name="readings_worker"),
    path("review", review.flagged, name="readings_review"),
    path("review/<uuid:taken_reading>", review.looked_at, name="reading_looked_at"),
    path("rules", review.rules, name="readings_rules"),
    path("sheet", views.sheet, name="readings_sheet"),
]
