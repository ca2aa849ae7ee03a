"""Routes of customers and accounts, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.customers import opening, views

urlpatterns = [
    path("", views.accounts, name="accounts"),
    path("new", opening.new, name="account_new"),
    path("<uuid:account>/", views.account, name="account"),
    path("<uuid:account>/contracts", opening.start, name="contract_start"),
    path("<uuid:account>/contracts/<uuid:contract>/end", opening.end, name="contract_end"),
]
