"""Routes of swap tests, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.swap import views

urlpatterns = [
    path("", views.swap_tests, name="swap_tests"),
    path("new", views.new, name="swap_test_new"),
    path("<uuid:swap_test>/", views.swap_test, name="swap_test"),
    path("<uuid:swap_test>/beat", views.beat, name="swap_test_beat"),
    path("<uuid:swap_test>/step", views.step, name="swap_test_step"),
    path("<uuid:swap_test>/photo", views.photo, name="swap_test_photo"),
    path("<uuid:swap_test>/seen", views.seen, name="swap_test_seen"),
]
