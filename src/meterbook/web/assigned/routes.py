"""Routes of assigned meters and accounts, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.assigned import assigning, views

urlpatterns = [
    path("assigned/", views.assigned, name="assigned"),
    path("assigned/bills/file", views.bills_file, name="assigned_bills"),
    path("assigned/bills/<uuid:bill>/pdf", views.bill, name="assigned_bill"),
    path("people/<uuid:person>/assign", assigning.assign, name="assign"),
]
