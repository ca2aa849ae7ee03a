"""Routes of the balance sheet of energy, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.balance import views

urlpatterns = [
    path("balance/", views.balance, name="energy_balance"),
    path("balance/file", views.file, name="energy_balance_file"),
]
