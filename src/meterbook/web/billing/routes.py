"""Routes of runs and bills, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.billing import (
    bills,
    books,
    calendars,
    charge_backs,
    deciding,
    evidence,
    files,
    insides,
    manual,
    missing,
    parts,
    planning,
    pool_choices,
    printing,
    runs,
)

urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/new", planning.new, name="run_new"),
    path("runs/manual", manual.manual, name="run_manual"),
    path("runs/calendars/", calendars.calendars, name="billing_calendars"),
    path("runs/calendars/new", calendars.new, name="billing_calendar_new"),
    path("runs/calendars/<uuid:billing_calendar>/", calendars.calendar, name="billing_calendar"),
    path("runs/calendars/<uuid:billing_calendar>/switch", calendars.switch, name="billing_calendar_switch"),
    path("runs/<uuid:run>/", runs.run, name="run"),
    path("runs/<uuid:run>/body", runs.body, name="run_body"),
    path("runs/<uuid:run>/check", deciding.check, name="run_check"),
    path("runs/<uuid:run>/leave-out", deciding.leave_out, name="run_leave_out"),
    path("runs/<uuid:run>/include", deciding.include, name="run_include"),
    path("runs/<uuid:run>/estimate", missing.estimate, name="run_estimate"),
    path("runs/<uuid:run>/wait", missing.wait, name="run_wait"),
    path("runs/<uuid:run>/pools/<uuid:pool>/later", pool_choices.put_off, name="run_pool_off"),
    path("runs/<uuid:run>/pools/<uuid:pool>/now", pool_choices.take_up, name="run_pool_up"),
    path("runs/<uuid:run>/approve", deciding.approve, name="run_approve"),
    path("runs/<uuid:run>/continue", deciding.carry_on, name="run_continue"),
    path("runs/<uuid:run>/cancel", deciding.cancel, name="run_cancel"),
    path("runs/<uuid:run>/prints", printing.prints, name="run_prints"),
    path("runs/<uuid:run>/print", printing.ask, name="run_print"),
    path("print-files/<uuid:print_file>", printing.fetch, name="print_file"),
    path("charge-backs/", charge_backs.charge_backs, name="charge_backs"),
    path("charge-backs/file", charge_backs.file, name="charge_backs_file"),
    path("transactions/<uuid:transaction>/", books.transaction, name="transaction"),
    path("bills/", bills.bills, name="bills"),
    path("bills/file", bills.file, name="bills_file"),
    path("bills/<uuid:bill>/", bills.bill, name="bill"),
    path("bills/<uuid:bill>/lines/<int:point>/<int:charge>/<int:line>", insides.line, name="bill_line"),
    path("bills/<uuid:bill>/parts/<str:part>", parts.part, name="bill_part"),
    path("bills/<uuid:bill>/points/<int:point>/readings/<str:instant>", evidence.reading, name="bill_reading"),
    path("bills/<uuid:bill>/pdf", files.pdf, name="bill_pdf"),
    path("bills/<uuid:bill>/data.json", files.data, name="bill_data"),
]
