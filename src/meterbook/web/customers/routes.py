"""Routes of customers and accounts, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.customers import books, changing, opening, views

urlpatterns = [
    path("", views.accounts, name="accounts"),
    path("new", opening.new, name="account_new"),
    path("workbooks/", books.books, name="account_books"),
    path("workbooks/template.xlsx", books.template, name="account_book_template"),
    path("workbooks/export.xlsx", books.export, name="account_book_export"),
    path("workbooks/<uuid:account_book>/", books.workbook, name="account_book"),
    path("workbooks/<uuid:account_book>/run", books.run, name="account_book_run"),
    path("workbooks/<uuid:account_book>/discard", books.discard, name="account_book_discard"),
    path("<uuid:account>/", views.account, name="account"),
    path("<uuid:account>/customer", changing.change, name="customer_change"),
    path("<uuid:account>/statement.csv", views.statement_file, name="statement_file"),
    path("<uuid:account>/contracts", opening.start, name="contract_start"),
    path("<uuid:account>/contracts/<uuid:contract>/end", opening.end, name="contract_end"),
]
