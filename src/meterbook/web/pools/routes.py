"""Routes of shared costs, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.pools import amounts, editing, rebilling, sheets, views

urlpatterns = [
    path("pools/", views.pools, name="pools"),
    path("pools/new", editing.new, name="pool_new"),
    path("pools/script.py", sheets.script, name="pool_script"),
    path("pools/<uuid:pool>/", views.pool, name="pool"),
    path("pools/<uuid:pool>/change", editing.change, name="pool_change"),
    path("pools/<uuid:pool>/amount", amounts.enter, name="pool_amount"),
    path("pools/<uuid:pool>/end", amounts.end, name="pool_end"),
    path("pools/amounts/<uuid:pool_entry>/withdraw", amounts.withdraw, name="pool_amount_withdraw"),
    path("sheets/<uuid:sheet>/", sheets.sheet, name="sheet"),
    path("sheets/<uuid:sheet>/data.json", sheets.data, name="sheet_data"),
    path("sheets/<uuid:sheet>/file", sheets.file, name="sheet_file"),
    path("sheets/<uuid:sheet>/carry", sheets.carry, name="sheet_carry"),
    path("sheets/<uuid:sheet>/late", rebilling.late, name="sheet_late"),
    path("sheets/<uuid:sheet>/rebill", rebilling.propose, name="sheet_rebill"),
    path("rebills/<uuid:rebill>/", rebilling.rebill, name="rebill"),
    path("rebills/<uuid:rebill>/approve", rebilling.approve, name="rebill_approve"),
    path("rebills/<uuid:rebill>/reject", rebilling.reject, name="rebill_reject"),
]
