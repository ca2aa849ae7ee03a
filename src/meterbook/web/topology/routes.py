"""Routes of the topology, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.topology import bus_views, changing, views

urlpatterns = [
    path("", views.topology, name="topology"),
    path("states", views.states, name="topology_states"),
    path("buses/<uuid:bus>", views.devices, name="topology_bus"),
    path("buses/<uuid:bus>/health", bus_views.health, name="bus_health"),
    path("buses/<uuid:bus>/change", changing.change, name="bus_change"),
]
