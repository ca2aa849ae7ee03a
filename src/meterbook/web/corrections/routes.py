"""Routes of recalculations, corrections and credit notes, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.corrections import deciding, notes, recalculations, rules

urlpatterns = [
    path("corrections/", recalculations.corrections, name="corrections"),
    path("corrections/recalculate", recalculations.new, name="recalculation_new"),
    path("corrections/rules", rules.change, name="correction_rules"),
    path("corrections/recalculations/<uuid:recalculation>/", recalculations.recalculation, name="recalculation"),
    path("corrections/<uuid:correction>/", deciding.correction, name="correction"),
    path("corrections/<uuid:correction>/approve", deciding.approve, name="correction_approve"),
    path("corrections/<uuid:correction>/reject", deciding.reject, name="correction_reject"),
    path("bills/<uuid:bill>/correct", deciding.correct, name="bill_correct"),
    path("credit-notes/<uuid:credit_note>/", notes.note, name="credit_note"),
    path("credit-notes/<uuid:credit_note>/pdf", notes.pdf, name="credit_note_pdf"),
    path("my/credit-notes/<uuid:credit_note>/pdf", notes.own_pdf, name="own_credit_note"),
    path("credit-notes/<uuid:credit_note>/data.json", notes.data, name="credit_note_data"),
]
