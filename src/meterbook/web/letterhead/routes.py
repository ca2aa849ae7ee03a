"""Route of the letterhead, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.letterhead import views

urlpatterns = [
    path("", views.letterhead, name="letterhead"),
    path("logo", views.logo, name="logo"),
]
