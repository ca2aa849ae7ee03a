"""The addresses below `/push/`."""

from __future__ import annotations

from django.urls import path

from meterbook.api.push import calls, sent, views

urlpatterns = [
    path("v1/enrol", views.enrol, name="push_enrol"),
    path("v1/batches", views.batches, name="push_batches"),
    path("v1/keys", views.keys, name="push_keys"),
    path("v1/configuration", calls.configuration, name="push_configuration"),
    path("v1/requests", calls.requests, name="push_requests"),
    path("v1/answers", calls.answers, name="push_answers"),
    path("v1/devices/<uuid:sender>", sent.message, name="push_device"),
    path("v1/devices/<uuid:sender>/<str:token>", sent.message, name="push_device_with_token"),
]
