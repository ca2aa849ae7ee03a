"""Routes of the library of meter types, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.library import views

urlpatterns = [
    path("", views.library, name="library"),
    path("<slug:model>/", views.model, name="library_model"),
]
