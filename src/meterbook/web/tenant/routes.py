"""Routes of a tenant's own pages, and of letting a tenant sign in, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.tenant import bills, certificates, inviting, privacy, views

urlpatterns = [
    path("my/", views.home, name="tenant_home"),
    path("my/meters/<uuid:meter>/", views.meter, name="tenant_use"),
    path("my/meters/<uuid:meter>/data.csv", views.data, name="tenant_data"),
    path("my/meters/<uuid:meter>/data.xlsx", views.workbook, name="tenant_workbook"),
    path("my/meters/<uuid:meter>/tests/<uuid:test>/certificate", certificates.certificate, name="tenant_certificate"),
    path("my/bills/<uuid:bill>/", bills.bill, name="tenant_bill_page"),
    path("my/bills/<uuid:bill>/lines/<int:point>/<int:charge>/<int:line>", bills.line, name="tenant_bill_line"),
    path("my/bills/<uuid:bill>/parts/<str:part>", bills.part, name="tenant_bill_part"),
    path("my/bills/<uuid:bill>/points/<int:point>/readings/<str:instant>", bills.reading, name="tenant_bill_reading"),
    path("my/bills/<uuid:bill>/data.json", bills.data, name="tenant_bill_data"),
    path("my/bills/<uuid:bill>/pdf", views.bill, name="tenant_bill"),
    path("my/looks", views.looks, name="tenant_looks"),
    path("accounts/<uuid:account>/sign-ins/invite", inviting.invite, name="tenant_invite"),
    path("accounts/<uuid:account>/sign-ins/<uuid:sign_in>/end", inviting.end, name="tenant_sign_in_end"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/<uuid:site>", privacy.change, name="privacy_change"),
]
