"""The base of all forms that people fill in: what nobody sees is refused beside its field, in words that name it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _

from meterbook.kernel import signs


class CodeField(forms.CharField):
    """A code or number by which something is found: full-width signs are the usual ones, so that none comes twice."""

    def to_python(self, value: object) -> str:
        """This will return the code as it is kept and compared."""
        return signs.folded(super().to_python(value) or "")


class Form(forms.Form):
    """A form whose texts hold only what their writers saw, each letter written one way (NFC)."""

    def _clean_fields(self) -> None:
        texts = {name: field for name, field in self.fields.items() if _is_checked(field)}
        for field in texts.values():
            has_lines = isinstance(field.widget, forms.Textarea | forms.HiddenInput)
            others = [each for each in field.validators if not isinstance(each, _REPLACED)]
            field.validators = [_Seen(has_lines), *others]
        super()._clean_fields()  # type: ignore[misc]
        for name in texts:
            value = self.cleaned_data.get(name)
            if isinstance(value, str):
                self.cleaned_data[name] = signs.composed(value)


@dataclass(frozen=True)
class _Seen:
    """Refuses what nobody sees; one's own validator, because fields are copied for each form and asked in order."""

    has_lines: bool

    def __call__(self, value: object) -> None:
        found = signs.find(value, lines=self.has_lines) if isinstance(value, str) else None
        if found is not None:
            raise forms.ValidationError(words(found), code="unseen")


_REPLACED = (ProhibitNullCharactersValidator, _Seen)


def words(found: signs.Sign) -> str:
    """This will say which sign must go, and where it stands."""
    if found.sign in signs.LINES:
        return _("Write it in one line; there is a line end or a tab at place %(place)s.") % {"place": found.place}
    facts = {"sign": found.shown, "place": found.place}
    return _("Take out the invisible sign %(sign)s at place %(place)s, or type it anew.") % facts


def _is_checked(field: forms.Field) -> bool:
    """Passwords may hold anything: they are compared and never shown."""
    return isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput)
