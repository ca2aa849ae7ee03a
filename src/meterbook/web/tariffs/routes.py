"""Routes of the tariff pages, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.tariffs import comparing, editing, exchanging, publishing, views

urlpatterns = [
    path("", views.tariffs, name="tariffs"),
    path("new", editing.new, name="tariff_new"),
    path("take", exchanging.take, name="tariff_take"),
    path("preview", editing.preview, name="tariff_preview"),
    path("<uuid:tariff>/", views.tariff, name="tariff"),
    path("<uuid:tariff>/file", exchanging.give, name="tariff_file"),
    path("<uuid:tariff>/compare", comparing.compare, name="tariff_compare"),
    path("<uuid:tariff>/draft", editing.draft, name="tariff_draft"),
    path("<uuid:tariff>/publish", publishing.publish, name="tariff_publish"),
]
