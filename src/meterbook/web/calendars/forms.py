"""What is typed about a calendar beside its days."""

from __future__ import annotations

from django import forms
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.rules import proposing, values
from meterbook.web import typed
from meterbook.web.parameters import EARLIEST_YEAR, LATEST_YEAR


class NameForm(typed.Form):
    """How a new calendar is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=values.NAME_LENGTH,
        help_text=gettext_lazy("Such as Holidays of Madrid."),
    )
    code = typed.CodeField(
        label=gettext_lazy("Code"),
        max_length=values.CODE_LENGTH,
        help_text=gettext_lazy("Small letters, digits, - and _. Tariffs name the calendar by it."),
    )

    def clean_code(self) -> str:
        """This will refuse what no tariff could name."""
        code = str(self.cleaned_data["code"]).lower()
        if not code[:1].isalnum() or not all(each.isascii() and (each.isalnum() or each in "-_") for each in code):
            raise forms.ValidationError(_("Take small letters, digits, - and _, such as es-madrid."))
        return code


class ReasonForm(typed.Form):
    """Why days are changed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("It stands in the history of the calendar."),
    )


class FillForm(typed.Form):
    """Whose holidays are proposed, and of which years."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    region = forms.CharField(
        label=gettext_lazy("Region"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Its code, such as MD in Spain or CA in the United States; empty: the whole country."),
    )
    first_year = forms.IntegerField(label=gettext_lazy("From the year"), min_value=EARLIEST_YEAR, max_value=LATEST_YEAR)
    last_year = forms.IntegerField(label=gettext_lazy("To the year"), min_value=EARLIEST_YEAR, max_value=LATEST_YEAR)

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]
        self.fields["country"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((code, code) for code in proposing.regions()),
        ]

    def clean(self) -> dict[str, object]:
        """This will look for the region among those of the country, and for years in their order."""
        facts = super().clean() or {}
        country, region = facts.get("country"), str(facts.get("region") or "").upper()
        if country and region:
            known = {each.upper(): each for each in proposing.regions()[str(country)]}
            if region not in known:
                listed = ", ".join(known.values()) or _("none")
                self.add_error("region", _("This country has the regions %(known)s.") % {"known": listed})
            facts["region"] = known.get(region, "")
        first, last = facts.get("first_year"), facts.get("last_year")
        if isinstance(first, int) and isinstance(last, int) and not 0 <= last - first < proposing.MOST_YEARS:
            self.add_error("last_year", _("Take up to ten years, the later one here."))
        return facts

    def proposed(self) -> list[values.CalendarDay]:
        """This will return the holidays; only of a sound form."""
        facts = self.cleaned_data
        return proposing.propose(
            country=facts["country"],
            region=facts["region"],
            years=range(facts["first_year"], facts["last_year"] + 1),
            language=(translation.get_language() or "en")[:2],
        )
