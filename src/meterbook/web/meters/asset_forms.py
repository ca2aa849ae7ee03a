"""What is typed of a meter as a thing: plate, seals, transformers, tests; and the files beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.documents import attachments, uploads
from meterbook.metering import assets
from meterbook.metering import queries as metering_queries
from meterbook.web import amounts, parameters, typed
from meterbook.web.meters import instants

PASSED, FAILED = "passed", "failed"
_DAY = forms.DateInput(attrs={"type": "date"})
_MOST_ERROR = Decimal(1000)


class SealsField(forms.CharField):
    """Numbers of seals with commas between them; None when nothing was written."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(max_length=assets.MOST_SEALS * (assets.SEAL_LENGTH + 2), required=False, **more)

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the numbers, each once.

        :raises forms.ValidationError: when one is too long, or there are too many
        """
        text = super().clean(value)
        try:
            return assets.read_seals(text) or None
        except assets.SealsUnreadable as error:
            words = gettext("Write the numbers with commas between them: at most %(most)s, of up to %(long)s signs.")
            facts = {"most": assets.MOST_SEALS, "long": assets.SEAL_LENGTH}
            raise forms.ValidationError(words % facts) from error


class TransformerField(forms.CharField):
    """The ratio on a transformer, such as 200/5."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(max_length=40, required=False, **more)

    def clean(self, value: Any) -> str:  # noqa: ANN401 - as Django declares it
        """This will return the ratio as it was written.

        :raises forms.ValidationError: when it is none
        """
        text: str = super().clean(value)
        if text:
            try:
                assets.read_ratio(text)
            except (ValueError, ZeroDivisionError) as error:
                words = gettext("Write the ratio as it stands on the transformer, such as 200/5.")
                raise forms.ValidationError(words) from error
        return text


class PictureField(forms.FileField):
    """A photo, written anew without what the camera noted beside it; None when none was chosen."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - Django's own
        attributes = {"accept": "image/jpeg,image/png,image/webp"}
        super().__init__(required=False, widget=forms.FileInput(attrs=attributes), **more)

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the picture as it may be kept.

        :raises forms.ValidationError: when it is none that can be read
        """
        given = super().clean(data, initial)
        return None if not given else _read(given, attachments.require_picture)


class CertificateField(forms.FileField):
    """A certificate as PDF or picture; None when none was chosen."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - Django's own
        attributes = {"accept": "application/pdf,image/jpeg,image/png,image/webp"}
        super().__init__(required=False, widget=forms.FileInput(attrs=attributes), **more)

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the file as it may be kept.

        :raises forms.ValidationError: when it is neither a PDF nor a picture
        """
        given = super().clean(data, initial)
        return None if not given else _read(given, attachments.require_attachment)


def _read(given: Any, reader: Any) -> attachments.Attachment:  # noqa: ANN401 - an uploaded file, a function
    try:
        found: attachments.Attachment = reader(given.read(attachments.MOST_BYTES + 1))
    except uploads.UploadRefused as error:
        raise forms.ValidationError(str(error)) from error
    return found


class PhotosForm(typed.Form):
    """Photos of the displays, asked for where everything else is known already: a browser sends a file once."""

    def __init__(self, data: object = None, files: object = None, *, went: str = "", came: str = "") -> None:
        super().__init__(data, files)  # type: ignore[arg-type]  # what a request's POST is
        words = _("May be left out. JPEG, PNG or WebP, at most 10 MB.")
        if went:
            self.fields["photo_went"] = PictureField(label=gettext("Photo of %(serial)s") % {"serial": went})
        if came:
            self.fields["photo_came"] = PictureField(label=gettext("Photo of %(serial)s") % {"serial": came})
        for field in self.fields.values():
            field.help_text = words


class TransformersForm(typed.Form):
    """The transformers before a meter; part of the forms that take them."""

    current_ratio = TransformerField(label=_("Current transformers, ratio"), help_text=_("As it stands there: 200/5."))
    current_serials = forms.CharField(
        label=_("Current transformers, serial numbers"), max_length=assets.PLACE_LENGTH, required=False
    )
    current_class = forms.CharField(
        label=_("Current transformers, accuracy class"),
        max_length=assets.CLASS_LENGTH,
        required=False,
        help_text=_("Such as 0.5 or 0.5S."),
    )
    voltage_ratio = TransformerField(
        label=_("Voltage transformers, ratio"), help_text=_("Such as 20000/100; empty where there are none.")
    )
    voltage_serials = forms.CharField(
        label=_("Voltage transformers, serial numbers"), max_length=assets.PLACE_LENGTH, required=False
    )
    voltage_class = forms.CharField(
        label=_("Voltage transformers, accuracy class"), max_length=assets.CLASS_LENGTH, required=False
    )

    @property
    def has_transformers(self) -> bool:
        """Whether something of them is known or wrong."""
        return any(self[name].value() or self[name].errors for name in TRANSFORMERS)

    def transformer_fields(self) -> list[forms.BoundField]:
        """This will return their fields."""
        return [self[name] for name in TRANSFORMERS]

    def current(self) -> assets.Transformers:
        """This will return the current transformers as they were typed."""
        return _transformers(self.cleaned_data, "current")

    def voltage(self) -> assets.Transformers:
        """This will return the voltage transformers as they were typed."""
        return _transformers(self.cleaned_data, "voltage")


TRANSFORMERS = tuple(f"{kind}_{part}" for kind in ("current", "voltage") for part in ("ratio", "serials", "class"))


def transformers_shown(equipment: assets.Equipment) -> dict[str, str]:
    """This will return what the fields of transformers show of those that are there."""
    return {
        f"{kind}_{part}": text
        for kind, each in (("current", equipment.current), ("voltage", equipment.voltage))
        for part, text in (("ratio", each.ratio), ("serials", each.serials), ("class", each.accuracy_class))
    }


def _transformers(given: dict[str, Any], kind: str) -> assets.Transformers:
    parts = (given.get(f"{kind}_{part}") or "" for part in ("ratio", "serials", "class"))
    return assets.Transformers(*parts)


class AssetForm(TransformersForm):
    """What stands on a meter and around it, from an instant on. Without a meter only what is around it."""

    accuracy_class = forms.CharField(
        label=_("Accuracy class"),
        max_length=assets.CLASS_LENGTH,
        required=False,
        help_text=_("As on the plate: 1, 0.5S, B."),
    )
    approval = forms.ChoiceField(
        label=_("Mark of approval"), choices=list(assets.APPROVAL_CAPTIONS.items()), required=False
    )
    approval_number = forms.CharField(
        label=_("Number beside the mark"),
        max_length=assets.NUMBER_LENGTH,
        required=False,
        help_text=_("Such as the notified body's number, or that of the type approval."),
    )
    seals = SealsField(label=_("Seal numbers"), help_text=_("With commas between them."))
    battery_until = parameters.DayField(
        label=_("Battery lasts until"),
        required=False,
        widget=_DAY,
        help_text=_("Of meters with a battery of their own; empty otherwise."),
    )
    location = forms.CharField(
        label=_("Where exactly it hangs"),
        max_length=assets.PLACE_LENGTH,
        required=False,
        help_text=_("Such as: basement, riser 2, panel B."),
    )
    reason = forms.CharField(
        label=_("Why it changes"), max_length=200, required=False, help_text=_("Such as: seal broken. May stay empty.")
    )

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["starts_at"] = instants.InstantField(
            label=_("Holds from"),
            zone=detail.zone,
            until=at,
            help_text=_("By the clock at the meter. What was before stays on record."),
        )
        if detail.current is None:
            for name in ("accuracy_class", "approval", "approval_number", "seals", "battery_until"):
                del self.fields[name]
        else:
            self.start = detail.current.starts_at
        self.order_fields(["starts_at", "seals", "accuracy_class", "approval", "approval_number", "battery_until"])

    def plate(self) -> assets.Plate:
        """This will return what stands on the meter as it was typed."""
        given = self.cleaned_data
        return assets.Plate(
            accuracy_class=given["accuracy_class"],
            approval=assets.Approval(given["approval"]),
            approval_number=given["approval_number"],
            seals=given["seals"] or (),
            battery_until=given["battery_until"],
        )

    def equipment(self) -> assets.Equipment:
        """This will return what stands around it as it was typed."""
        return assets.Equipment(self.cleaned_data["location"], self.current(), self.voltage())


def asset_shown(plate: assets.Plate, equipment: assets.Equipment) -> dict[str, Any]:
    """This will return what the fields show of what is known."""
    return {
        "accuracy_class": plate.accuracy_class,
        "approval": plate.approval.value,
        "approval_number": plate.approval_number,
        "seals": ", ".join(plate.seals),
        "battery_until": plate.battery_until.isoformat() if plate.battery_until else "",
        "location": equipment.location,
        **transformers_shown(equipment),
    }


class TestForm(typed.Form):
    """A test of the meter: what it found, how long it holds, and the certificate."""

    tested_on = parameters.DayField(label=_("Tested on"), widget=_DAY)
    outcome = forms.ChoiceField(
        label=_("Result"), choices=[(PASSED, _("Passed: it measures rightly")), (FAILED, _("Failed"))]
    )
    last_day = parameters.DayField(
        label=_("Holds through"),
        required=False,
        widget=_DAY,
        help_text=_("The last day of the calibration. Empty where the certificate names none."),
    )
    laboratory = forms.CharField(label=_("Who tested it"), max_length=assets.PLACE_LENGTH, required=False)
    certificate_number = forms.CharField(
        label=_("Number of the certificate"), max_length=assets.NUMBER_LENGTH, required=False
    )
    largest_error = amounts.NumberField(
        label=_("Largest error found"),
        places=3,
        least=-_MOST_ERROR,
        most=_MOST_ERROR,
        required=False,
        help_text=_("In percent, as the certificate tells it."),
    )
    note = forms.CharField(
        label=_("Remark"),
        max_length=assets.NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    certificate = CertificateField(
        label=_("Certificate"),
        help_text=_("PDF or picture, at most 10 MB. The tenant of the meter can download it."),
    )

    def __init__(self, data: object = None, files: object = None, *, today: date) -> None:
        initial = {"tested_on": today.isoformat(), "outcome": PASSED}
        super().__init__(data, files, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.today = today

    def clean(self) -> dict[str, Any]:
        """This will look at the days: a test is over, and holds a day at least."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        tested_on, last_day = given.get("tested_on"), given.get("last_day")
        if tested_on is not None and tested_on > self.today:
            self.add_error("tested_on", gettext("The test lies ahead; take a day that is over, or today."))
        if given.get("outcome") == FAILED:
            given["last_day"] = None
        elif tested_on is not None and last_day is not None and last_day < tested_on:
            self.add_error("last_day", gettext("It would have run out before the test; take a later day."))
        return given

    def test(self) -> assets.Test:
        """This will return the test as it was typed."""
        given = self.cleaned_data
        return assets.Test(
            tested_on=given["tested_on"],
            until_day=None if given["last_day"] is None else given["last_day"] + timedelta(days=1),
            is_passed=given["outcome"] == PASSED,
            laboratory=given["laboratory"],
            certificate_number=given["certificate_number"],
            largest_error=given["largest_error"],
            note=given["note"],
        )


class WithdrawForm(typed.Form):
    """Why a test is taken back."""

    reason = forms.CharField(
        label=_("Why it is withdrawn"),
        max_length=200,
        help_text=_("Such as: it was another meter's. It stays on record."),
    )
