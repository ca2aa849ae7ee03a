"""The form of a shared cost: between what people write and the document "meterbook-pool/1"."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import invoice_words, pool_words
from meterbook.billing.pools.definition import (
    FORMAT,
    MEASURED,
    SECONDARY,
    Division,
    Key,
    Kind,
    Leaving,
    LineKind,
    LossPolicy,
    Problem,
    Rounding,
    Rule,
    Source,
    Vacancy,
)
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.sites import values as site_values
from meterbook.web import amounts, typed

SERVICES = (
    Service.ELECTRICITY,
    Service.COLD_WATER,
    Service.HOT_WATER,
    Service.GAS,
    Service.HEATING,
    Service.COOLING,
)
NOTHING = (("", "–"),)
IN_LANGUAGE = gettext_lazy("On bills in this language; empty: the name above.")
# Where a fault of the document is shown.
PLACES = {
    "name": "name",
    **{f"names/{each}": f"name_{each}" for each in site_values.LANGUAGES},
    **{f"tax/names/{each}": f"tax_name_{each}" for each in site_values.LANGUAGES},
    "kind": "kind",
    "stage": "stage",
    "source/meter_point": "main",
    "source/meters": "behind",
    "source/price": "price",
    "source/tariff": "tariff",
    "source/cap": "loss_cap",
    "source/policy": "policy",
    "parts": "percent",
    "parts/0/key": "key",
    "parts/0/percent": "percent",
    "parts/0/secondary": "secondary",
    "parts/1/key": "key2",
    "parts/1/secondary": "secondary2",
    "place": "place",
    "cap": "cap",
    "tax": "tax_code",
    "tax/rate": "tax_rate",
    "division": "division",
    "rule": "rule",
    "parts/1/of": "of_energy",
    "source/never_above": "never_above",
}


@dataclass(frozen=True)
class Choices:
    """What a form offers at a site: meters by code, places, tariffs."""

    meters: Mapping[str, uuid.UUID]
    counted: Mapping[str, Sequence[str]]  # codes of tenants' and common meters by service
    places: Sequence[tuple[str, str]]
    tariffs: Sequence[tuple[str, str]]


class PoolForm(typed.Form):
    """What is shared, what it costs, and by which key."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("As tenants read it on their bills.")
    )
    name_en = forms.CharField(
        label=gettext_lazy("Name in English"), max_length=200, required=False, help_text=IN_LANGUAGE
    )
    name_es = forms.CharField(
        label=gettext_lazy("Name in Spanish"), max_length=200, required=False, help_text=IN_LANGUAGE
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"), choices=[(each.value, pool_words.KINDS[each]) for each in Kind]
    )
    stage = forms.TypedChoiceField(
        label=gettext_lazy("Stage"),
        coerce=int,
        choices=[(each, str(each)) for each in range(1, 10)],
        help_text=gettext_lazy("Lower stages are divided first: losses before common areas."),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Where the cost comes from"),
        choices=[
            (each.value, pool_words.SOURCES[each])
            for each in (Source.AMOUNT, Source.INVOICE, Source.METER, Source.LOSS)
        ],
    )
    main = forms.CharField(
        label=gettext_lazy("Meter, or main meter"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "pool-meters", "autocomplete": "off"}),
        help_text=gettext_lazy("Its code; a virtual meter has one, too."),
    )
    behind = forms.CharField(
        label=gettext_lazy("Meters behind the main meter"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Codes with commas between; empty: all of tenants and common areas of the service."),
    )
    price = amounts.NumberField(
        label=gettext_lazy("Price a unit"),
        places=8,
        least=Decimal(0),
        required=False,
        help_text=gettext_lazy("Without tax, a kWh or m³."),
    )
    tariff = forms.ChoiceField(label=gettext_lazy("Or by tariff"), required=False)
    never_above = forms.BooleanField(
        label=gettext_lazy("Never above the supplier's invoice"),
        required=False,
        help_text=gettext_lazy("Of a meter at a price: what is above the lines of the invoice is taken off."),
    )
    policy = forms.ChoiceField(
        label=gettext_lazy("Who bears a loss"),
        required=False,
        choices=[(each.value, pool_words.POLICIES[each]) for each in LossPolicy],
    )
    loss_cap = amounts.NumberField(
        label=gettext_lazy("Up to what percentage of the main meter"), places=4, least=Decimal(0), required=False
    )
    service = forms.ChoiceField(
        label=gettext_lazy("Service"),
        choices=[(each.value, SERVICE_CAPTIONS[each]) for each in SERVICES],
        help_text=gettext_lazy("Whose meters tell use, and who lives where."),
    )
    key = forms.ChoiceField(
        label=gettext_lazy("Shared by"), choices=[(each.value, pool_words.KEYS[each]) for each in Key]
    )
    secondary = forms.ChoiceField(
        label=gettext_lazy("When nobody uses anything, by"),
        required=False,
        choices=[*NOTHING, *((each.value, pool_words.KEYS[each]) for each in Key if each in SECONDARY)],
    )
    percent = amounts.NumberField(
        label=gettext_lazy("Percent of the cost by this key"),
        places=4,
        least=Decimal(0),
        most=Decimal(100),
        required=False,
        help_text=gettext_lazy("Below 100 the rest is shared by a second key, such as 30 by area and 70 by use."),
    )
    key2 = forms.ChoiceField(
        label=gettext_lazy("The rest by"),
        required=False,
        choices=[*NOTHING, *((each.value, pool_words.KEYS[each]) for each in Key)],
    )
    secondary2 = forms.ChoiceField(
        label=gettext_lazy("And when nobody uses anything, by"),
        required=False,
        choices=[*NOTHING, *((each.value, pool_words.KEYS[each]) for each in Key if each in SECONDARY)],
    )
    division = forms.ChoiceField(
        label=gettext_lazy("Lines of the cost are divided"),
        required=False,
        choices=[(each.value, pool_words.DIVISIONS[each]) for each in Division],
    )
    rule = forms.ChoiceField(
        label=gettext_lazy("Rule of law"),
        required=False,
        choices=[(each.value, pool_words.RULES[each]) for each in Rule],
        help_text=gettext_lazy("The keys are checked against it when it is saved."),
    )
    vacancy = forms.ChoiceField(
        label=gettext_lazy("Empty units"), choices=[(each.value, pool_words.VACANCIES[each]) for each in Vacancy]
    )
    rounding = forms.ChoiceField(
        label=gettext_lazy("Where the leftovers of rounding go"),
        choices=[(each.value, pool_words.ROUNDINGS[each]) for each in Rounding],
    )
    leaving = forms.ChoiceField(
        label=gettext_lazy("Later difference of who left"),
        required=False,
        choices=[(each.value, pool_words.LEAVINGS[each]) for each in Leaving],
        help_text=gettext_lazy(
            "Such as a corrected reading or invoice, after a member moved out and was billed. By a correction note the "
            "difference is not carried into the next period, where others would bear it: all are billed again."
        ),
    )
    cap = amounts.NumberField(
        label=gettext_lazy("The most that a member bears"),
        places=4,
        least=Decimal(0),
        required=False,
        help_text=gettext_lazy("In money; the landlord bears what is above. Empty: no limit."),
    )
    tax_code = forms.CharField(
        label=gettext_lazy("Code of the tax"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("As in your tariffs, such as vat; empty: no tax."),
    )
    tax_name = forms.CharField(label=gettext_lazy("Name of the tax"), max_length=80, required=False)
    tax_name_en = forms.CharField(label=gettext_lazy("Name of the tax in English"), max_length=80, required=False)
    tax_name_es = forms.CharField(label=gettext_lazy("Name of the tax in Spanish"), max_length=80, required=False)
    tax_rate = amounts.NumberField(
        label=gettext_lazy("Rate of the tax in percent"), places=4, least=Decimal(0), most=Decimal(100), required=False
    )
    place = forms.ChoiceField(label=gettext_lazy("All units of"), required=False)

    what = ("name", *(f"name_{each}" for each in site_values.LANGUAGES), "kind", "stage")
    cost = (
        *("source", "main", "behind", "price", "tariff", "never_above", "policy", "loss_cap"),
        *("tax_code", "tax_name", *(f"tax_name_{each}" for each in site_values.LANGUAGES), "tax_rate"),
    )
    keys = (
        *("rule", "division", "key", "secondary", "percent", "key2", "secondary2"),
        *(f"of_{each.value.lower()}" for each in LineKind),
        *("service", "vacancy", "leaving", "cap", "rounding"),
    )

    def __init__(self, data: Any, *, choices: Choices, initial: Mapping[str, Any] | None = None) -> None:  # noqa: ANN401
        super().__init__(data, initial=dict(initial or {}))
        self.choices = choices
        for each in LineKind:
            label = _("Second key, line by line: %(kind)s") % {"kind": invoice_words.LINE_KINDS[each]}
            self.fields[f"of_{each.value.lower()}"] = forms.BooleanField(label=label, required=False)
        self.fields["tariff"].choices = [*NOTHING, *choices.tariffs]  # type: ignore[attr-defined]
        self.fields["place"].choices = [("", _("the whole site")), *choices.places]  # type: ignore[attr-defined]

    def part(self, *names: str) -> list[forms.BoundField]:
        """This will return fields in order."""
        return [self[each] for each in names]

    def clean_main(self) -> str:
        """This will refuse the code of a meter that is not there."""
        code = self.cleaned_data["main"].strip()
        if code and code not in self.choices.meters:
            raise forms.ValidationError(_("There is no such meter at the site."))
        return str(code)

    def clean_behind(self) -> list[str]:
        """This will read codes with commas or line ends between."""
        codes = [each for each in re.split(r"[,;\s]+", self.cleaned_data["behind"]) if each]
        unknown = [each for each in codes if each not in self.choices.meters]
        if unknown:
            raise forms.ValidationError(
                _("There is no such meter at the site: %(codes)s.") % {"codes": ", ".join(unknown[:5])}
            )
        return codes

    def document(self, members: list[dict[str, Any]]) -> dict[str, Any]:
        """This will write what was typed as a document."""
        given = self.cleaned_data
        made: dict[str, Any] = {
            "format": FORMAT,
            "name": given["name"],
            "kind": given["kind"],
            "stage": given["stage"],
            "source": self._source(),
            "parts": self._parts(),
            "service": given["service"],
            "vacancy": given["vacancy"],
            "rounding": given["rounding"],
            "division": given["division"] or Division.TOGETHER.value,
            "leaving": given["leaving"] or Leaving.FORMER_MEMBER.value,
            "rule": given["rule"] or Rule.NONE.value,
        }
        if members:
            made["members"] = members
        elif given["place"]:
            made["place"] = given["place"]
        if given["cap"] is not None:
            made["cap"] = f"{given['cap']:f}"
        if given["tax_code"] or given["tax_rate"] is not None:
            rate = None if given["tax_rate"] is None else f"{given['tax_rate'] / 100:f}"
            made["tax"] = {"code": given["tax_code"], "name": given["tax_name"], "rate": rate}
            if names := self._names("tax_name"):
                made["tax"]["names"] = names
        if names := self._names("name"):
            made["names"] = names
        return made

    def _names(self, field: str) -> dict[str, str]:
        given = {each: self.cleaned_data[f"{field}_{each}"] for each in site_values.LANGUAGES}
        return {language: text for language, text in given.items() if text}

    def say(self, problems: Sequence[Problem]) -> None:
        """This will say what is wrong beside the field that it came from."""
        for each in problems:
            field = PLACES.get(each.path)
            self.add_error(field, pool_words.fault(each))

    def _source(self) -> dict[str, Any]:
        given = self.cleaned_data
        source: dict[str, Any] = {"kind": given["source"]}
        if given["source"] not in (Source.METER.value, Source.LOSS.value):
            return source
        if given["main"]:
            source["meter_point"] = str(self.choices.meters[given["main"]])
        if given["price"] is not None:
            source["price"] = f"{given['price']:f}"
        if given["tariff"]:
            source["tariff"] = given["tariff"]
        if given["never_above"]:
            source["never_above"] = True
        if given["source"] == Source.LOSS.value:
            codes = given["behind"] or [
                each for each in self.choices.counted.get(given["service"], ()) if each != given["main"]
            ]
            source |= {"meters": [str(self.choices.meters[each]) for each in codes], "policy": given["policy"]}
            if given["loss_cap"] is not None:
                source["cap"] = f"{given['loss_cap']:f}"
        return source

    def _parts(self) -> list[dict[str, Any]]:
        given = self.cleaned_data
        percent = Decimal(100) if given["percent"] is None else given["percent"]
        first: dict[str, Any] = {"key": given["key"], "percent": f"{percent:f}", "secondary": given["secondary"]}
        parts = [first]
        of = [each.value for each in LineKind if given[f"of_{each.value.lower()}"]]
        if given["division"] == Division.EACH.value and of:
            parts.append({"key": given["key2"], "of": of, "secondary": given["secondary2"]})
        elif percent < 100 and given["key2"]:
            rest = Decimal(100) - percent
            parts.append({"key": given["key2"], "percent": f"{rest:f}", "secondary": given["secondary2"]})
        for part in parts:
            if part["key"] not in MEASURED:
                del part["secondary"]
        return parts
