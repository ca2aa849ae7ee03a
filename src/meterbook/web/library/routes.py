"""Routes of the library of meter types, below an organization. Codes of types have no hyphens, the pages' names do."""

from __future__ import annotations

from django.urls import path

from meterbook.web.library import editing, files, reviewing, testing, views

urlpatterns = [
    path("", views.library, name="library"),
    path("new-type/", editing.new, name="type_new"),
    path("edit-again/", editing.back, name="type_back"),
    path("import-file/", files.take_in, name="type_import"),
    path("publish-type/", reviewing.publish, name="type_publish"),
    path("test-read/", testing.ask, name="type_test"),
    path("test-read/<uuid:probe>/", testing.state, name="type_test_state"),
    path("<slug:model>/", views.model, name="library_model"),
    path("<slug:model>/export/", files.export, name="library_export"),
    path("<slug:own_type>/edit/", editing.edit, name="type_edit"),
    path("<slug:own_type>/compare/", files.compare, name="type_compare"),
    path("<slug:own_type>/offer/", files.offer, name="type_offer"),
]
