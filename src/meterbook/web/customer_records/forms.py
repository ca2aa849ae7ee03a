"""What is typed about a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.customers import records, values
from meterbook.web import parameters, typed
from meterbook.web.customers.opening_forms import LANGUAGES

LONGEST_LINE = 200
SMALL_AREA = {"rows": 2}


class LinesField(forms.CharField):
    """Several texts, one a line; empty lines go."""

    def __init__(self, *, longest: int, **more: Any) -> None:  # noqa: ANN401
        super().__init__(required=False, widget=forms.Textarea(attrs=SMALL_AREA), **more)
        self.longest = longest

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the lines as a tuple.

        :raises forms.ValidationError: when there are too many, or one is too long
        """
        text = super().clean(value)
        lines = tuple(dict.fromkeys(line.strip() for line in str(text).splitlines() if line.strip()))
        if len(lines) > values.MOST_LINES:
            raise forms.ValidationError(_("Write at most %(most)s lines.") % {"most": values.MOST_LINES})
        if any(len(line) > self.longest for line in lines):
            raise forms.ValidationError(_("A line has at most %(most)s signs.") % {"most": self.longest})
        return lines

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will write lines into the field."""
        return "\n".join(value) if isinstance(value, tuple | list) else value


class RecordForm(typed.Form):
    """All that is known of a customer."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=values.NAME_LENGTH)
    kind = forms.ChoiceField(
        label=gettext_lazy("Person or company"),
        choices=[(each.value, caption) for each, caption in values.CUSTOMER_KIND_CAPTIONS.items()],
    )
    legal_name = forms.CharField(
        label=gettext_lazy("Legal name"),
        max_length=values.NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("Where it differs from the name."),
    )
    tax_number = forms.CharField(label=gettext_lazy("ID or tax number"), max_length=40, required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("Bills go there; without an address they are printed."),
    )
    emails = LinesField(label=gettext_lazy("Further e-mails"), longest=254, help_text=gettext_lazy("One a line."))
    phones = LinesField(
        label=gettext_lazy("Phones"), longest=values.PHONE_LENGTH, help_text=gettext_lazy("One a line.")
    )
    messaging = LinesField(
        label=gettext_lazy("Messaging"),
        longest=values.MESSAGING_LENGTH,
        help_text=gettext_lazy("One a line, such as telegram: @ana."),
    )
    address = forms.CharField(
        label=gettext_lazy("Postal address"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the bills"), choices=LANGUAGES)
    occupants = forms.IntegerField(
        label=gettext_lazy("Occupants"), required=False, min_value=0, max_value=values.MOST_OCCUPANTS
    )
    custom = LinesField(
        label=gettext_lazy("Own fields"),
        longest=LONGEST_LINE,
        help_text=gettext_lazy("One a line, as name: value."),
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes"),
        required=False,
        max_length=values.NOTES_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_emails(self) -> tuple[str, ...]:
        """This will refuse what is no address, naming it."""
        listed: tuple[str, ...] = self.cleaned_data["emails"]
        for each in listed:
            try:
                validators.validate_email(each)
            except ValidationError:
                raise forms.ValidationError(
                    _("“%(text)s” is no e-mail address; write it as name@example.com.") % {"text": each}
                ) from None
        return listed

    def clean_custom(self) -> dict[str, str]:
        """This will return own fields by name."""
        found = {}
        for line in self.cleaned_data["custom"]:
            name, colon, value = line.partition(":")
            if not colon or not name.strip() or not value.strip():
                raise forms.ValidationError(_("Write “%(line)s” as name: value.") % {"line": line})
            found[name.strip()] = value.strip()
        return found

    def facts(self) -> records.Facts:
        """This will return what was typed."""
        given = dict(self.cleaned_data)
        for key in ("address", "notes"):
            given[key] = parameters.written(given[key].replace("\r\n", "\n"), values.NOTES_LENGTH)
        return records.Facts(**{**given, "kind": values.CustomerKind(given["kind"])})


def initial(facts: records.Facts) -> dict[str, Any]:
    """This will return what the form begins with."""
    plain = facts.plain()
    custom: Mapping[str, str] = facts.custom
    return {**plain, "custom": [f"{name}: {value}" for name, value in custom.items()]}


class ContactForm(typed.Form):
    """Somebody to ask."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=values.NAME_LENGTH)
    is_payer = forms.BooleanField(label=values.CONTACT_ROLE_CAPTIONS[values.ContactRole.PAYER], required=False)
    is_user = forms.BooleanField(label=values.CONTACT_ROLE_CAPTIONS[values.ContactRole.CONSUMPTION], required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=values.PHONE_LENGTH, required=False)
    messaging = forms.CharField(label=gettext_lazy("Messaging"), max_length=values.MESSAGING_LENGTH, required=False)

    def facts(self) -> records.ContactFacts:
        """This will return what was typed."""
        given = self.cleaned_data
        roles = [values.ContactRole.PAYER] if given["is_payer"] else []
        roles += [values.ContactRole.CONSUMPTION] if given["is_user"] else []
        return records.ContactFacts(given["name"], roles, given["email"], given["phone"], given["messaging"])


class ConsentForm(typed.Form):
    """What somebody agrees to, in which words."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Agrees to"),
        choices=[(each.value, caption) for each, caption in values.CONSENT_KIND_CAPTIONS.items()],
    )
    text_version = forms.CharField(
        label=gettext_lazy("Version of the text"), max_length=40, help_text=gettext_lazy("Such as 2026-1.")
    )


class VulnerabilityForm(typed.Form):
    """Until when somebody must not be without supply, and why."""

    is_medical = forms.BooleanField(label=gettext_lazy("For medical reasons"), required=False)
    until_date = parameters.DayField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs=SMALL_AREA))


class PaperForm(typed.Form):
    """A PDF or a picture."""

    paper = forms.FileField(label=gettext_lazy("PDF or picture"))
