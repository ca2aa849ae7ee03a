"""Routes of customers' records and contracts, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.customer_records import (
    acts,
    assigning,
    contracts,
    defaults,
    editing,
    listing,
    merging,
    overriding,
    privacy,
    record,
)

urlpatterns = [
    path("customers/", listing.customers, name="customers"),
    path("customers/new", editing.new, name="customer_new"),
    path("customers/duplicates", merging.duplicates, name="duplicates"),
    path("customers/of/<uuid:account>/", record.of_account, name="customer_of_account"),
    path("customers/<uuid:customer>/", record.customer, name="customer"),
    path("customers/<uuid:customer>/edit", editing.edit, name="customer_edit"),
    path("customers/<uuid:customer>/contacts", acts.add_contact, name="contact_add"),
    path("customers/<uuid:customer>/contacts/<uuid:contact>/remove", acts.remove_contact, name="contact_remove"),
    path("customers/<uuid:customer>/consents", acts.give_consent, name="consent_give"),
    path("customers/<uuid:customer>/consents/<uuid:consent>/withdraw", acts.withdraw_consent, name="consent_withdraw"),
    path("customers/<uuid:customer>/vulnerability", acts.note_vulnerability, name="vulnerability"),
    path("customers/<uuid:customer>/papers", acts.add_paper, name="paper_add"),
    path("customers/<uuid:customer>/papers/<uuid:paper>", record.paper, name="paper"),
    path("customers/<uuid:customer>/papers/<uuid:paper>/remove", acts.remove_paper, name="paper_remove"),
    path("customers/<uuid:customer>/export", privacy.export, name="customer_export"),
    path("customers/<uuid:customer>/erase", privacy.erase, name="customer_erase"),
    path("customers/<uuid:customer>/merge/<uuid:other>", merging.merge, name="customer_merge"),
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/assign", assigning.assign, name="tariff_assign"),
    path("contracts/defaults", defaults.defaults, name="tariff_defaults"),
    path("contracts/defaults/set", defaults.set_default, name="tariff_default_set"),
    path("contracts/overrides", overriding.list_all, name="tariff_overrides"),
    path("contracts/overrides/<uuid:override>/approve", overriding.approve, name="tariff_override_approve"),
    path("contracts/overrides/<uuid:override>/refuse", overriding.refuse, name="tariff_override_refuse"),
    path("contracts/overrides/<uuid:override>/take-back", overriding.take_back, name="tariff_override_take_back"),
    path("contracts/<uuid:contract>/", contracts.contract, name="contract"),
    path("contracts/<uuid:contract>/tariff", contracts.change_tariff, name="contract_tariff"),
]
