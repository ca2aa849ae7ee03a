"""The steps of a journey: which template shows each, and what reads the answer."""

from __future__ import annotations

from meterbook.journeys.values import Step
from meterbook.web.moves import agreed, metered, when, who
from meterbook.web.moves.asked import Handler

HANDLERS = {
    Step.UNIT: Handler("moves/_unit.html", who.show_unit, who.take_unit),
    Step.CUSTOMER: Handler("moves/_customer.html", who.show_customer, who.take_customer),
    Step.START: Handler("moves/_instant.html", when.show_start, when.take_start),
    Step.ACCOUNT: Handler("moves/_account.html", who.show_account, who.take_account),
    Step.END: Handler("moves/_instant.html", when.show_end, when.take_end),
    Step.READINGS: Handler("moves/_readings.html", metered.show_readings, metered.take_readings),
    Step.TARIFF: Handler("moves/_fields.html", agreed.show_tariff, agreed.take_tariff),
    Step.DEPOSIT: Handler("moves/_fields.html", agreed.show_deposit, agreed.take_deposit),
    Step.ADDRESS: Handler("moves/_fields.html", agreed.show_address, agreed.take_address),
}
