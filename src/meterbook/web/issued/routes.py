"""Routes of issued documents, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.issued import certificate, numbers, views

urlpatterns = [
    path("", views.documents, name="issued_documents"),
    path("<uuid:document>/view", views.view, name="issued_document_view"),
    path("chain", views.chain_page, name="document_chain"),
    path("chain/export", views.export, name="document_chain_export"),
    path("numbers", numbers.numbers, name="document_numbers"),
    path("numbers/file", numbers.file, name="document_numbers_file"),
    path("certificate", certificate.certificate, name="signing_certificate"),
]
