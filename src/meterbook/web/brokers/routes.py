"""Routes of MQTT brokers, below the topology of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.brokers import views

urlpatterns: list[URLPattern] = [
    path("", views.brokers, name="brokers"),
    path("new", views.new, name="broker_new"),
    path("<uuid:broker>/", views.change, name="broker"),
]
