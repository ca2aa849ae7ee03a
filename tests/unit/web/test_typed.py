"""What nobody sees is refused beside its field, in every form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms

from meterbook import web
from meterbook.web import typed


class Sample(typed.Form):
    """One field of each kind of text."""

    name = forms.CharField(max_length=100)
    notes = forms.CharField(widget=forms.Textarea, required=False)
    email = forms.EmailField(required=False)
    password = forms.CharField(widget=forms.PasswordInput, strip=False, required=False)

    def clean_name(self) -> str:
        """This will do what forms of ours do: ask for the text only after it was checked."""
        return self.cleaned_data["name"].replace("\u202e", "")


class TestForm:
    @pytest.mark.parametrize("field", ["name", "notes", "email"])
    def test_names_the_sign_and_its_place(self, field: str) -> None:
        given = {"name": "Bakery", "notes": "", "email": ""}

        form = Sample({**given, field: "a\u202eb@meterbook.example"})

        assert form.errors[field][0] == (
            "Take out the invisible sign U+202E RIGHT-TO-LEFT OVERRIDE at place 2, or type it anew."
        )
        assert form[field].value() == "a\u202eb@meterbook.example"  # what was typed is still there

    def test_says_once_that_a_control_is_in_it(self) -> None:
        assert Sample({"name": "a\x00b"}).errors["name"] == [
            "Take out the invisible sign U+0000 at place 2, or type it anew."
        ]

    def test_wants_one_line_where_there_is_one(self) -> None:
        assert "in one line" in Sample({"name": "a\nb"}).errors["name"][0]
        assert Sample({"name": "a", "notes": "a\r\n\tb"}).is_valid()

    def test_writes_each_letter_one_way(self) -> None:
        form = Sample({"name": " Cafe\u0301 ", "password": " e\u0301\u200b"})

        assert form.is_valid()
        assert form.cleaned_data["name"] == "Caf\u00e9"
        assert form.cleaned_data["password"] == " e\u0301\u200b"


class CodeSample(typed.Form):
    """A code."""

    code = typed.CodeField(max_length=4)


def test_a_code_in_full_width_signs_is_the_usual_one() -> None:
    form = CodeSample({"code": " \uff11\uff10\uff12\uff15 "})

    assert form.is_valid()
    assert form.cleaned_data["code"] == "1025"
    assert "required" in str(CodeSample({"code": "\u3000"}).errors["code"])


def test_every_form_has_this_base() -> None:
    plain = re.compile(r"class \w+\((?:django_)?forms\.(?:Form|ModelForm)\)")
    found = [
        path.name
        for path in sorted(Path(str(web.__file__)).parent.rglob("*.py"))
        if path.name != "typed.py" and plain.search(path.read_text())
    ]

    assert found == [], "derive these from web.typed.Form"
