"""Routes of moving in and out, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.moves import leaks, openings, views

urlpatterns = [
    path("moves/", views.moves, name="moves"),
    path("moves/begin", views.begin, name="move_begin"),
    path("moves/openings", openings.openings, name="openings"),
    path("moves/unbilled", leaks.leaks, name="unbilled"),
    path("moves/<uuid:journey>/", views.move, name="move"),
    path("moves/<uuid:journey>/leave", views.leave, name="move_leave"),
]
