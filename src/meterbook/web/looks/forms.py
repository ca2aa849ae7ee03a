"""The form of a template: what may be said, in which colors, on which paper. Data only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from meterbook.documents import templates
from meterbook.documents.rendering import looks, words
from meterbook.web import typed

LANGUAGE_CAPTIONS = {"en": "English", "es": "Español"}
TEXT_CAPTIONS: dict[str, tuple[str | Promise, str | Promise]] = {
    "title": (gettext_lazy("Title"), gettext_lazy("Instead of “Utility bill”.")),
    "notice": (gettext_lazy("Notice"), gettext_lazy("Stands on the first page, above the lines.")),
    "dispute": (
        gettext_lazy("How to dispute"),
        gettext_lazy("Instead of our words; something always stands there."),
    ),
    "hours": (gettext_lazy("Hours"), gettext_lazy("When you are reached, beside how.")),
    "average_cost": (
        gettext_lazy("Average cost at the public utility"),
        gettext_lazy("Where the law asks for it, with its source."),
    ),
    "payment": (gettext_lazy("Further ways to pay"), gettext_lazy("In the box that says how much and until when.")),
    "legal": (gettext_lazy("Small print"), gettext_lazy("Below our own, on the last page.")),
    "credit_title": (gettext_lazy("Title of credit notes"), gettext_lazy("Instead of “Credit note”.")),
    "credit_notice": (
        gettext_lazy("Notice on credit notes"),
        gettext_lazy("Stands on the first page of a credit note, above the lines."),
    ),
}
LONG = 160  # characters that still fit one line of a form
LOGO_CAPTIONS = {
    looks.LogoPlace.ORGANIZATION: gettext_lazy("of the organization"),
    looks.LogoPlace.SITE: gettext_lazy("of the site"),
    looks.LogoPlace.CUSTOMER: gettext_lazy("of the tenant’s company"),
}
PAPER_CAPTIONS = {looks.Paper.A4: gettext_lazy("A4"), looks.Paper.LETTER: gettext_lazy("Letter")}
CHECKS = ("shows_boxes", "shows_comparison", "shows_payment_code")


@dataclass(frozen=True)
class Group:
    """A text in its languages."""

    caption: str | Promise
    help_text: str | Promise
    fields: tuple[forms.BoundField, ...]


class LookForm(typed.Form):
    """A template; texts have a field for each language."""

    accent = forms.CharField(
        label=gettext_lazy("Color"),
        max_length=7,
        help_text=gettext_lazy("As # and six digits. Words in it must be readable on white."),
    )
    logo = forms.ChoiceField(label=gettext_lazy("Picture at the head"), choices=list(LOGO_CAPTIONS.items()))
    paper = forms.ChoiceField(label=gettext_lazy("Paper"), choices=list(PAPER_CAPTIONS.items()))
    payee = forms.CharField(
        label=gettext_lazy("Paid to"),
        max_length=templates.PAYEE_LENGTH,
        required=False,
        help_text=gettext_lazy("The holder of the bank account, where it is not the organization."),
    )
    iban = forms.CharField(label=gettext_lazy("IBAN"), max_length=42, required=False)
    bic = forms.CharField(
        label=gettext_lazy("BIC"),
        max_length=14,
        required=False,
        help_text=gettext_lazy("Bills in euro get a code that a bank’s app reads; others one with the reference."),
    )
    shows_boxes = forms.BooleanField(label=gettext_lazy("The sum in boxes"), required=False)
    shows_comparison = forms.BooleanField(label=gettext_lazy("The same month of the year before"), required=False)
    shows_payment_code = forms.BooleanField(label=gettext_lazy("A code for paying"), required=False)

    def __init__(self, data: QueryDict | None = None, *, look: looks.Look) -> None:
        super().__init__(data, initial=_initial(look))
        for name, most in templates.TEXTS.items():
            for language in words.LANGUAGES:
                widget = forms.Textarea(attrs={"rows": 2}) if most > LONG else forms.TextInput()
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=LANGUAGE_CAPTIONS[language], max_length=most, required=False, widget=widget
                )

    def texts(self) -> Iterator[Group]:
        """This will return the texts with their fields, for the page."""
        for name, (caption, help_text) in TEXT_CAPTIONS.items():
            yield Group(caption, help_text, tuple(self[f"{name}_{language}"] for language in words.LANGUAGES))

    def checks(self) -> Iterator[forms.BoundField]:
        """This will return what may be left out."""
        for name in CHECKS:
            yield self[name]

    def look(self) -> looks.Look:
        """This will return the template as it was filled in; what cannot be is told by `templates.require`."""
        given = self.cleaned_data
        texts = {
            name: {
                language: " ".join(str(given[f"{name}_{language}"]).split())
                for language in words.LANGUAGES
                if str(given[f"{name}_{language}"]).strip()
            }
            for name in templates.TEXTS
        }
        return templates.read(
            {
                **texts,
                "payee": given["payee"],
                "iban": "".join(given["iban"].split()).upper(),
                "bic": "".join(given["bic"].split()).upper(),
                "accent": given["accent"].lower(),
                "logo": given["logo"],
                "paper": given["paper"],
                **{name: bool(given[name]) for name in CHECKS},
            }
        )

    def refuse(self, error: templates.TemplateRefused) -> None:
        """This will put each fault beside its field."""
        for name, message in error.faults.items():
            self.add_error(name.replace(".", "_"), message)


def _initial(look: looks.Look) -> dict[str, object]:
    plain = templates.plain(look)
    texts = {
        f"{name}_{language}": plain[name].get(language, "") for name in templates.TEXTS for language in words.LANGUAGES
    }
    return {**{key: value for key, value in plain.items() if key not in templates.TEXTS}, **texts}
