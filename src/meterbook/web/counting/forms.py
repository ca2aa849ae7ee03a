"""What is asked where a meter counted wrongly: which test or multiplier, since when, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.metering import queries as metering_queries
from meterbook.web import typed
from meterbook.web.meters import instants, ratio_fields
from meterbook.web.templatetags import meterbook as tags

REASON = 300


class ReasonForm(typed.Form):
    """Why it is corrected."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=REASON,
        help_text=gettext_lazy("It stays on record, and on the credit notes of bills that are corrected for it."),
        error_messages={"required": gettext_lazy("Say why; it stays on record.")},
    )


class TestForm(ReasonForm):
    """By which test, and for which time the meter was wrong."""

    field_order = ("test", "starts_at", "ends_at", "reason")

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        tests: Sequence[metering_queries.TestRow],
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["test"] = forms.ChoiceField(
            label=gettext_lazy("Test that the meter failed"),
            choices=[(str(each.public_id), test_words(each)) for each in tests],
            help_text=gettext_lazy("With its error and its certificate, as it was noted with the meter."),
        )
        for name, label, words in (
            ("starts_at", gettext_lazy("Wrong since"), gettext_lazy("By the clock at the meter.")),
            ("ends_at", gettext_lazy("Wrong until"), gettext_lazy("At the latest the end of the day of the test.")),
        ):
            self.fields[name] = instants.InstantField(zone=detail.zone, until=at, label=label, help_text=words)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """This will refuse a time that ends before it begins."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = given.get("starts_at"), given.get("ends_at")
        if start is not None and end is not None and end <= start:
            self.add_error("ends_at", _("It ends before it begins; take a later time."))
        return given


class RecountForm(ReasonForm):
    """Which multiplier was wrong, and what it should have been."""

    multiplier = ratio_fields.RatioField(
        label=gettext_lazy("Right multiplier"),
        help_text=gettext_lazy("Ratio of the current transformers, primary/secondary: 200/5 counts 40 times."),
    )
    protocol = forms.CharField(
        label=gettext_lazy("Protocol"),
        max_length=80,
        help_text=gettext_lazy("The number of the protocol or photo that shows the right ratio, or who measured it."),
        error_messages={"required": gettext_lazy("Name what shows that it was wrong.")},
    )
    field_order = ("since", "multiplier", "protocol", "reason")

    def __init__(
        self, data: object = None, *, detail: metering_queries.MeterDetail, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["since"] = forms.ChoiceField(
            label=gettext_lazy("Wrong multiplier"), choices=[(key, words) for key, _row, words in segments(detail)]
        )
        self.order_fields(self.field_order)


def segments(
    detail: metering_queries.MeterDetail,
) -> list[tuple[str, metering_queries.MultiplierRow, str]]:
    """This will return the multipliers of all meters that hung at a point, newest first: key, row, and words."""
    found = []
    for meter in detail.installations:
        for each in reversed(meter.multipliers):
            since = formats.date_format(each.starts_at.astimezone(detail.zone), "SHORT_DATETIME_FORMAT")
            facts = {"serial": meter.serial_number, "times": each.factor, "since": since}
            words = _("%(serial)s: × %(times)s since %(since)s") % facts
            found.append((each.starts_at.isoformat(), each, words))
    return found


def test_words(row: metering_queries.TestRow) -> str:
    """This will name a test: when, its error, its certificate."""
    test = row.test
    error = "" if test.largest_error is None else f"{tags.number(test.largest_error, 3)}{tags.NO_BREAK}%"
    day = formats.date_format(test.tested_on, "SHORT_DATE_FORMAT")
    return " · ".join(each for each in (day, error, test.certificate_number) if each)
