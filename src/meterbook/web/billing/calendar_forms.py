"""What people fill in of a billing calendar."""

from __future__ import annotations

import re
import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import dates
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from meterbook.billing import cycles, values
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.sites import queries as site_queries
from meterbook.web import amounts, parameters, typed

CYCLE_CAPTIONS = {
    cycles.Cycle.MONTHLY: gettext_lazy("Every month"),
    cycles.Cycle.BIMONTHLY: gettext_lazy("Every two months"),
    cycles.Cycle.WEEKLY: gettext_lazy("Every week"),
    cycles.Cycle.MONTHS: gettext_lazy("Every so many months"),
}
LATEST_CHOICE = 28  # the latest day that every month has
LONGEST_GROUP = 100_000
_BETWEEN = re.compile(r"[\s,;]+")
AUTOMATIC = ("is_auto_approved", "tolerance_percent", "approves_first")


class CalendarForm(typed.Form):
    """A calendar of the site, or of the accounts whose numbers are given."""

    name = forms.CharField(
        max_length=120,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Runs show it as their starter."),
        error_messages={"required": gettext_lazy("Give the calendar a name.")},
    )
    cycle = forms.ChoiceField(
        choices=[(each.value, caption) for each, caption in CYCLE_CAPTIONS.items()], label=gettext_lazy("How often")
    )
    months = forms.IntegerField(
        min_value=1, max_value=cycles.MOST_MONTHS, required=False, label=gettext_lazy("Months, where it is so many")
    )
    cutoff_day = forms.TypedChoiceField(
        coerce=int,
        choices=[
            *((each, str(each)) for each in range(1, LATEST_CHOICE + 1)),
            (cycles.LAST_DAY, gettext_lazy("Last day of the month")),
        ],
        label=gettext_lazy("Cut-off day"),
        help_text=gettext_lazy("The final day of a period, to its midnight where each meter is."),
    )
    weekday = forms.TypedChoiceField(
        coerce=int,
        choices=[(each + 1, name) for each, name in dates.WEEKDAYS.items()],
        label=gettext_lazy("Cut-off weekday, where it is every week"),
    )
    starts_on = parameters.DayField(
        label=gettext_lazy("First day that is billed"), widget=forms.DateInput(attrs={"type": "date"})
    )
    notice_hour = forms.TypedChoiceField(
        coerce=int,
        choices=[(each, f"{each:02}:00") for each in range(24)],
        label=gettext_lazy("Bills are made at"),
        help_text=gettext_lazy("By the clock of the site, on the day after the cut-off; then the customers are told."),
    )
    due_days = forms.IntegerField(
        min_value=0, max_value=values.MOST_DUE_DAYS, label=gettext_lazy("Days until payment is due")
    )
    grace_days = forms.IntegerField(
        min_value=0,
        max_value=values.MOST_GRACE_DAYS,
        label=gettext_lazy("Days to wait for missing readings"),
        help_text=gettext_lazy("The other accounts do not wait."),
    )
    on_missing = forms.ChoiceField(
        choices=[(each.value, caption) for each, caption in values.ON_MISSING_CAPTIONS.items()],
        label=gettext_lazy("Then"),
    )
    settlement = forms.ChoiceField(
        choices=[(each.value, caption) for each, caption in values.SETTLEMENT_CAPTIONS.items()],
        label=gettext_lazy("When readings come, estimates are settled by"),
    )
    bundling = forms.ChoiceField(
        choices=[(each.value, caption) for each, caption in values.BUNDLING_CAPTIONS.items()],
        required=False,
        label=gettext_lazy("Several services of an account"),
        help_text=gettext_lazy("With a bill for each, a run of each service starts; they are approved one by one."),
    )
    is_auto_approved = forms.BooleanField(
        required=False, label=gettext_lazy("Approve by itself what is near the bill before")
    )
    tolerance_percent = forms.IntegerField(
        min_value=0,
        max_value=1_000,
        label=gettext_lazy("Near: differs by at most, percent"),
        help_text=gettext_lazy("Bills that differ by more, and unusual ones, wait for a person; the others go."),
    )
    approves_first = forms.BooleanField(
        required=False, label=gettext_lazy("First bills, too, which have none before them")
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401
        places: int,
        has_group: bool | None,
        may_approve: bool,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """`has_group` None: whoever makes a calendar may give it one."""
        super().__init__(*args, **kwargs)
        self.fields["small_below"] = amounts.NumberField(
            places=places,
            least=Decimal(0),
            required=False,
            label=gettext_lazy("Do not send bills below"),
            help_text=gettext_lazy("They are posted, and the next bill carries the balance. Empty: all are sent."),
        )
        if has_group is not False:
            self.fields["accounts"] = forms.CharField(
                widget=forms.Textarea(attrs={"rows": 3}),
                required=bool(has_group),
                max_length=LONGEST_GROUP,
                label=gettext_lazy("Only these accounts"),
                help_text=gettext_lazy("Their numbers, one a line. Empty: all of the site that are in no group."),
            )
        if not may_approve:
            for name in AUTOMATIC:
                del self.fields[name]

    def clean_accounts(self) -> list[uuid.UUID] | None:
        """This will find the accounts by their numbers; None where none is named."""
        numbers = [each for each in _BETWEEN.split(self.cleaned_data["accounts"]) if each]
        if not numbers:
            return None
        ids = customer_queries.account_ids(numbers=numbers)
        lacking = sorted(set(numbers) - ids.keys())
        if lacking:
            words = ngettext("There is no account %(numbers)s.", "There are no accounts %(numbers)s.", len(lacking)) % {
                "numbers": ", ".join(lacking[:10])
            }
            raise forms.ValidationError(words)
        return [each.public_id for each in customer_queries.accounts_by_id(ids=ids.values()).values()]

    def clean(self) -> dict[str, Any]:
        """This will ask for the number of months where it is needed."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("cycle") == cycles.Cycle.MONTHS and not given.get("months") and "months" not in self.errors:
            self.add_error("months", _("Give the number of months."))
        return given

    def terms(self, kept: billing_queries.CalendarRow | None) -> billing_operations.CalendarTerms:
        """This will return what was filled in; what this person may not decide stays as it is."""
        given = self.cleaned_data
        cycle = cycles.Cycle(given["cycle"])
        automatic = {
            name: given[name] if name in given else getattr(kept, name)
            for name in AUTOMATIC
            if name in given or kept is not None
        }
        return billing_operations.CalendarTerms(
            name=given["name"],
            starts_on=given["starts_on"],
            cycle=cycle,
            months=given.get("months") or 1,
            cutoff_day=given["weekday"] if cycle is cycles.Cycle.WEEKLY else given["cutoff_day"],
            notice_hour=given["notice_hour"],
            due_days=given["due_days"],
            grace_days=given["grace_days"],
            on_missing=values.OnMissing(given["on_missing"]),
            settlement=values.TrueUpStrategy(given["settlement"]),
            bundling=values.Bundling(given["bundling"] or values.Bundling.TOGETHER),
            small_below=given["small_below"],
            **automatic,
        )


def initial_of(row: billing_queries.CalendarRow, numbers: list[str]) -> dict[str, Any]:
    """This will return a calendar as the form shows it."""
    names = (
        "name", "months", "notice_hour", "due_days", "grace_days", *AUTOMATIC,
    )  # fmt: skip
    is_weekly = row.cycle is cycles.Cycle.WEEKLY
    return {
        **{name: getattr(row, name) for name in names},
        "cycle": row.cycle.value,
        "cutoff_day": cycles.LAST_DAY if is_weekly else min(row.cutoff_day, cycles.LAST_DAY),
        "weekday": row.cutoff_day if is_weekly else cycles.DAYS_A_WEEK,
        "starts_on": row.starts_on.isoformat(),
        "on_missing": row.on_missing.value,
        "settlement": row.settlement.value,
        "bundling": row.bundling.value,
        "small_below": "" if row.small_below is None else amounts.written(row.small_below.normalize()),
        "accounts": "\n".join(numbers),
    }


def initial(site: site_queries.SiteRow, first: date) -> dict[str, Any]:
    """This will return what a new calendar is proposed to say: months, to their last day."""
    return {
        "name": _("Monthly, %(site)s") % {"site": site.name},
        "cycle": cycles.Cycle.MONTHLY.value,
        "months": 1,
        "cutoff_day": cycles.LAST_DAY,
        "weekday": cycles.DAYS_A_WEEK,
        "starts_on": first.isoformat(),
        "notice_hour": 8,
        "due_days": values.DUE_DAYS,
        "grace_days": 3,
        "on_missing": values.OnMissing.PERSON.value,
        "settlement": values.TrueUpStrategy.RERUN.value,
        "bundling": values.Bundling.TOGETHER.value,
        "tolerance_percent": values.TOLERANCE_PERCENT,
    }
