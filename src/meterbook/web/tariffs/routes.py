"""Routes of the tariff pages, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.tariffs import comparing, editing, exchanging, hourly, publishing, views, whatif, whatif_kept

urlpatterns = [
    path("", views.tariffs, name="tariffs"),
    path("new", editing.new, name="tariff_new"),
    path("take", exchanging.take, name="tariff_take"),
    path("hourly-prices", hourly.hourly_prices, name="hourly_prices"),
    path("hourly-prices/take", hourly.take, name="hourly_prices_take"),
    path("hourly-prices/<slug:series>/", hourly.hourly_price, name="hourly_price"),
    path("preview", editing.preview, name="tariff_preview"),
    path("what-if", whatif.what_if, name="tariff_what_if"),
    path("what-if/file", whatif.try_file, name="tariff_what_if_file"),
    path("what-if/start", whatif.start, name="tariff_what_if_start"),
    path("what-if/<uuid:what_if>/", whatif_kept.kept_what_if, name="tariff_what_if_kept"),
    path("what-if/<uuid:what_if>/cancel", whatif_kept.cancel, name="tariff_what_if_cancel"),
    path("what-if/<uuid:what_if>/resume", whatif_kept.resume, name="tariff_what_if_resume"),
    path("what-if/<uuid:what_if>/remove", whatif_kept.remove, name="tariff_what_if_remove"),
    path("<uuid:tariff>/", views.tariff, name="tariff"),
    path("<uuid:tariff>/file", exchanging.give, name="tariff_file"),
    path("<uuid:tariff>/compare", comparing.compare, name="tariff_compare"),
    path("<uuid:tariff>/draft", editing.draft, name="tariff_draft"),
    path("<uuid:tariff>/publish", publishing.publish, name="tariff_publish"),
]
