"""Routes of disputes, below an organization: of the operator's people, and of tenants (`my/`)."""

from __future__ import annotations

from django.urls import path

from meterbook.web.disputes import own, views

urlpatterns = [
    path("disputes/", views.disputes, name="disputes"),
    path("disputes/<uuid:dispute>/", views.dispute, name="dispute"),
    path("disputes/<uuid:dispute>/step", views.step, name="dispute_step"),
    path("disputes/<uuid:dispute>/write", views.write, name="dispute_write"),
    path("disputes/<uuid:dispute>/files/<uuid:enclosure>", views.file, name="dispute_file"),
    path("bills/<uuid:bill>/dispute", views.new, name="dispute_new"),
    path("my/disputes/", own.disputes, name="own_disputes"),
    path("my/disputes/<uuid:dispute>/", own.dispute, name="own_dispute"),
    path("my/disputes/<uuid:dispute>/answer", own.answer, name="own_dispute_answer"),
    path("my/disputes/<uuid:dispute>/write", own.write, name="own_dispute_write"),
    path("my/disputes/<uuid:dispute>/files/<uuid:enclosure>", own.file, name="own_dispute_file"),
    path("my/bills/<uuid:bill>/dispute", own.new, name="own_dispute_new"),
]
