"""Routes of suppliers' invoices, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.supplier_invoices import bringing, editing, views

urlpatterns = [
    path("invoices/", views.invoices_page, name="supplier_invoices"),
    path("invoices/new", editing.new, name="supplier_invoice_new"),
    path("invoices/import", bringing.bring, name="supplier_invoice_import"),
    path("invoices/example.csv", bringing.example, name="supplier_invoice_example"),
    path("invoices/<uuid:supplier_invoice>/", views.invoice, name="supplier_invoice"),
    path("invoices/<uuid:supplier_invoice>/data.json", views.data, name="supplier_invoice_data"),
    path("invoices/<uuid:supplier_invoice>/correct", editing.correct, name="supplier_invoice_correct"),
    path("invoices/<uuid:supplier_invoice>/withdraw", editing.withdraw, name="supplier_invoice_withdraw"),
    path("invoices/<uuid:supplier_invoice>/attach", editing.attach, name="supplier_invoice_attach"),
    path("invoices/files/<uuid:invoice_file>", views.file, name="supplier_invoice_file"),
]
