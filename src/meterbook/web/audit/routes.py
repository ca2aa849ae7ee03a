"""Routes of the audit trail, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.audit import checking, entries

urlpatterns = [
    path("", entries.trail, name="audit"),
    path("file", entries.file, name="audit_file"),
    path("check", checking.check, name="audit_check"),
    path("<uuid:entry>/", entries.entry, name="audit_entry"),
]
