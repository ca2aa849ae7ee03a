"""Routes of the settings, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.letterhead import numbers
from meterbook.web.settings import (
    addresses,
    backups,
    channels,
    delivery_log,
    https,
    index,
    own,
    sign_in_rules,
    single_sign_on,
)

urlpatterns = [
    path("", index.index, name="settings_index"),
    path("address", addresses.public_address, name="public_address"),
    path("address/test", addresses.test, name="public_address_test"),
    path("https", https.https, name="https"),
    path("single-sign-on", single_sign_on.single_sign_on, name="single_sign_on"),
    path("single-sign-on/test", single_sign_on.test, name="single_sign_on_test"),
    path("backups", backups.backups, name="backups"),
    path("backups/now", backups.back_up_now, name="back_up_now"),
    path("sign-in", sign_in_rules.sign_in_rules, name="sign_in_rules"),
    path("sign-in/codes", sign_in_rules.codes, name="sign_in_codes_rule"),
    path("numbers", numbers.numbers, name="bill_numbers"),
    path("messages/", channels.channels, name="settings"),
    path("log/", delivery_log.messages, name="message_log"),
    path("log/<uuid:message>/", delivery_log.message, name="message"),
    path("log/<uuid:message>/retry", delivery_log.retry, name="message_retry"),
    path("own", own.own, name="own_messages"),
]
