"""Routes about what meters counted wrongly, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.counting import bills, correcting, overview

urlpatterns = [
    path("meters/<uuid:meter>/count", overview.count, name="meter_count"),
    path("meters/<uuid:meter>/count/test", correcting.by_test, name="meter_count_test"),
    path("meters/<uuid:meter>/count/multiplier", correcting.multiplier, name="meter_count_multiplier"),
    path("meters/<uuid:meter>/count/<uuid:count_change>/", bills.bills, name="meter_count_bills"),
    path("meters/<uuid:meter>/count/<uuid:count_change>/rebill", bills.rebill, name="meter_count_rebill"),
    path("meters/<uuid:meter>/count/<uuid:count_change>/withdraw", correcting.withdraw, name="meter_count_withdraw"),
]
