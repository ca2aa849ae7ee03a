"""What the what-if page is asked: prices, days, and for whom; what was typed wrong is named beside its field."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from meterbook.billing.calculating import facts
from meterbook.billing.correcting import limits
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.sites.queries import SiteRow
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import plain_text
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.web import parameters, typed
from meterbook.web.tariffs import views

CURRENT, FILE = "current", "file"
MONTHS = 12
LONGEST_NUMBERS = 4_000
_BETWEEN = re.compile(r"[\s,;]+")


class AskForm(typed.Form):
    """Prices, days and accounts. Empty selects mean all."""

    prices = forms.ChoiceField(label=gettext_lazy("Prices"))
    document = forms.CharField(required=False, widget=forms.HiddenInput, max_length=plain_text.LONGEST_TEXT)
    first_day = parameters.DayField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    final_day = parameters.DayField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    site = forms.ChoiceField(label=gettext_lazy("Site"), required=False)
    tariff = forms.ChoiceField(
        label=gettext_lazy("Who pays by"),
        required=False,
    )
    service = forms.ChoiceField(label=gettext_lazy("Service"), required=False)
    accounts = forms.CharField(
        label=gettext_lazy("Only these accounts"),
        required=False,
        max_length=LONGEST_NUMBERS,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("numbers, with commas between"), "maxlength": 4000}),
    )

    chosen: facts.Tariff | None = None
    is_too_much = False  # to wait for
    raw: dict[str, Any] | None = None  # the document of the chosen prices

    def __init__(
        self,
        data: object = None,
        *,
        sites: Iterable[SiteRow],
        versions: Iterable[tariff_queries.VersionName],
        initial: object = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's GET or POST is
        listed = list(versions)
        tariffs: dict[str, str] = {}
        for each in listed:  # the newest version comes first, and names the tariff
            caption = f"{views.said(each.tariff_names, views.language())} ({each.tariff_code})"
            tariffs.setdefault(str(each.tariff_public_id), caption)
        choices: Mapping[str, list[tuple[str, Any]]] = {
            "prices": [
                (CURRENT, _("As contracts say (a proof: nothing may change)")),
                *((str(each.public_id), version_words(each)) for each in listed),
                *([(FILE, _("The document of the file"))] if self._has_document() else []),
            ],
            "site": [("", pgettext_lazy("sites", "All")), *((str(each.public_id), each.name) for each in sites)],
            "tariff": [("", _("Any tariff")), *tariffs.items()],
            "service": [("", _("All that have its unit")), *((each.value, SERVICE_CAPTIONS[each]) for each in Service)],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]

    def _has_document(self) -> bool:
        return bool(self.is_bound and self.data.get("document"))

    def clean_document(self) -> str:
        """This will check the document of a file."""
        text = str(self.cleaned_data["document"])
        if self.data.get("prices") != FILE:
            return ""
        try:
            self.raw = json.loads(text)
            self.chosen = comparing.of_document(self.raw)
        except (json.JSONDecodeError, RecursionError) as error:
            self.add_error(None, _("This is no JSON file: %(error)s") % {"error": error})
        except TariffInvalid as error:
            self.add_error(None, _("The file is no sound tariff. %(words)s") % {"words": _first_problem(error)})
        return text

    def clean(self) -> dict[str, Any]:
        """Days in their order."""
        given: dict[str, Any] = super().clean() or {}
        first, final = given.get("first_day"), given.get("final_day")
        if first and final and final < first:
            self.add_error("final_day", _("The end must not lie before the beginning."))
        return given

    def asked(self, sites: Mapping[str, int], allowed: frozenset[int] | None) -> asking.Asked:
        """This will return what a valid form asks.

        :param sites: the internal ids of the sites that may be chosen; `allowed` those where the reader may look
        :raises comparing.VersionNotFound: when the version is gone
        """
        given = self.cleaned_data
        prices, site = given["prices"], given["site"]
        chosen = self.chosen
        if prices not in (CURRENT, FILE):
            chosen = comparing.of_version(uuid.UUID(prices))
            self.raw = comparing.document_of(uuid.UUID(prices))
        numbers = tuple(dict.fromkeys(filter(None, _BETWEEN.split(given["accounts"]))))
        scope = asking.Scope(
            sites=frozenset({sites[site]}) if site else allowed,
            tariff=uuid.UUID(given["tariff"]) if given["tariff"] else None,
            numbers=numbers,
            service=Service(given["service"]) if given["service"] else None,
        )
        return asking.Asked(scope, given["first_day"], given["final_day"] + timedelta(days=1), chosen)


class FileForm(typed.Form):
    """A tariff document whose prices are tried, and that is kept nowhere; `text` is what it holds."""

    file = forms.FileField(
        label=gettext_lazy("Tariff in a file"),
        help_text=gettext_lazy("A tariff that Meterbook gave out (JSON). It is tried and not kept."),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )

    text = ""

    def clean_file(self) -> object:
        """This will read the file."""
        file = self.cleaned_data["file"]
        if file.size > plain_text.LONGEST_TEXT:
            raise forms.ValidationError(_("This document is too long."))
        try:
            self.text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("This is no JSON file: %(error)s") % {"error": error}) from error
        return file


def usual(today: date) -> dict[str, str]:
    """This will return the twelve months before this one."""
    until = today.replace(day=1)
    first, final = limits.months_before(until, MONTHS), until - timedelta(days=1)
    return {"first_day": first.isoformat(), "final_day": final.isoformat(), "prices": CURRENT}


def version_words(version: tariff_queries.VersionName) -> str:
    """This will name a version with what tells it apart."""
    facts_of = {"tariff": views.said(version.tariff_names, views.language()), "number": version.number}
    if version.first_day is None:
        return _("%(tariff)s, draft %(number)s") % facts_of
    day = formats.date_format(version.first_day, "SHORT_DATE_FORMAT")
    return _("%(tariff)s, version %(number)s from %(day)s") % {**facts_of, "day": day}


def _first_problem(error: TariffInvalid) -> str:
    problem = error.problems[0]
    words = _(problem.template) % problem.data
    return f"{problem.place}: {words}" if problem.place else words
