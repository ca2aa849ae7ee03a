"""Routes of the pages about keys and the API."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.keys import reference, views

urlpatterns: list[URLPattern] = [
    path("", reference.reference, name="api_reference"),
    path("keys/", views.keys, name="api_keys"),
    path("keys/new", views.new, name="api_key_new"),
    path("keys/<uuid:key>/rotate", views.rotate, name="api_key_rotate"),
    path("keys/<uuid:key>/revoke", views.revoke, name="api_key_revoke"),
]
