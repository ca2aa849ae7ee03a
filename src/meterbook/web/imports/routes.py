"""Routes of the imports, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.imports import views

urlpatterns = [
    path("", views.imports, name="imports"),
    path("<uuid:file>/", views.import_file, name="import_file"),
    path("<uuid:file>/run", views.run, name="import_run"),
    path("<uuid:file>/discard", views.discard, name="import_discard"),
]
