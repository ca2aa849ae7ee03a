"""Routes of the first-run wizard, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.start import billing, meters, views

urlpatterns = [
    path("", views.first, name="first_start"),
    path("ask", views.ask, name="first_ask"),
    path("organization", views.organization, name="first_organization"),
    path("site", views.site, name="first_site"),
    path("meter", meters.meter, name="first_meter"),
    path("price", billing.price, name="first_price"),
    path("customer", billing.customer, name="first_customer"),
    path("bill", billing.bill, name="first_bill"),
    path("bill/state", billing.state_of_bill, name="first_bill_state"),
]
