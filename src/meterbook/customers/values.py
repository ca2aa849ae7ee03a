"""Words of customers and accounts."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _


class AccountMode(enum.StrEnum):
    """When an account pays: after a bill, or before use."""

    POSTPAID = "POSTPAID"
    PREPAID = "PREPAID"


class AccountState(enum.StrEnum):
    """Where an account stands in its life."""

    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


ACCOUNT_MODE_CAPTIONS = {AccountMode.POSTPAID: _("Postpaid"), AccountMode.PREPAID: _("Prepaid")}
ACCOUNT_STATE_CAPTIONS = {AccountState.ACTIVE: _("Active"), AccountState.CLOSED: _("Closed")}
