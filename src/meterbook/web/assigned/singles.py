"""Single meters and accounts, typed by their codes and numbers."""

from __future__ import annotations

from collections.abc import Container, Sequence

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.customers import queries as customer_queries
from meterbook.identity.values import ScopeKind, Single
from meterbook.metering import queries as metering_queries
from meterbook.web import typed

MOST = 200


class SinglesForm(typed.Form):
    """Codes of meters and numbers of accounts, one a line."""

    meters = forms.CharField(
        label=gettext_lazy("Codes of meters"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    accounts = forms.CharField(
        label=gettext_lazy("Numbers of accounts"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def singles(self) -> list[Single]:
        """This will return what was named, and put words beside a field where something is not there."""
        codes, numbers = self._lines("meters"), self._lines("accounts")
        points = {each.code: each for each in metering_queries.points_by_code(codes=codes)}
        accounts = customer_queries.accounts_by_id(ids=customer_queries.account_ids(numbers=numbers).values())
        by_number = {each.number: each for each in accounts.values()}
        self._require_all("meters", codes, points)
        self._require_all("accounts", numbers, by_number)
        return [
            *(Single(ScopeKind.METER, points[each].id, points[each].site_id) for each in codes if each in points),
            *(
                Single(ScopeKind.ACCOUNT, by_number[each].id, by_number[each].site_id)
                for each in numbers
                if each in by_number
            ),
        ]

    def _require_all(self, name: str, wanted: Sequence[str], found: Container[str]) -> None:
        if missing := [each for each in wanted if each not in found]:
            self.add_error(name, _("Not found here: %(names)s.") % {"names": ", ".join(missing[:10])})

    def _lines(self, name: str) -> list[str]:
        lines = (each.strip() for each in str(self.cleaned_data.get(name, "")).splitlines())
        return list(dict.fromkeys(each for each in lines if each))[:MOST]
