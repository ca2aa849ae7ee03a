"""What is typed about a meter that sends by itself: its topic at the broker, and where its values stand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import brokers, values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.drivers.mqtt import mapping, shapes
from meterbook.acquisition.library.documents import MeterModel
from meterbook.web import parameters
from meterbook.web.meters import line_forms

HEARING = ("topic", "channel", "mapping", "expected_seconds")
LONGEST_MAPPING = 20_000
PREFIX = "mqtt:"  # of the brokers among the gateways to choose from, so that the page can tell them apart


class HearingForm(line_forms.LineForm):
    """The fields of a subscription."""

    topic = forms.CharField(
        label=_("Topic"),
        max_length=brokers.LONGEST_TOPIC,
        required=False,
        help_text=_("Under which the device sends; of a Shelly its MQTT prefix, such as shellypro3em-c8f09e8a."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    channel = forms.IntegerField(
        label=_("Channel"),
        min_value=0,
        max_value=values.MOST_CHANNELS,
        required=False,
        help_text=_("Of a device with several inputs or outputs: 0 is the first."),
    )
    mapping = forms.CharField(
        label=_("Where the values stand"),
        max_length=LONGEST_MAPPING,
        required=False,
        help_text=_(
            "One line a register: “energy_import: /energy/total kWh”. Before the pointer a topic below that of the "
            "device may stand, before the unit a factor: “× 0.01”. “time: /ts” says when it was measured. "
            "Empty: as devices of the model send."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    expected_seconds = forms.IntegerField(
        label=_("Sends at least every"),
        min_value=1,
        max_value=3600,
        required=False,
        help_text=_("In seconds. After three times as long without a message the meter counts as silent. Empty: 120."),
    )

    def hearing_fields(self) -> list[forms.BoundField]:
        """This will return the fields of a subscription."""
        return [self[name] for name in HEARING]

    def clean_topic(self) -> str:
        """This will return the topic without what is around it."""
        return parameters.written(self.cleaned_data["topic"] or "", brokers.LONGEST_TOPIC)

    def check_hearing(self, given: dict[str, Any], model: MeterModel) -> None:
        """This will complain of what cannot be heard, beside the field, and keep the mapping that was read."""
        if not given.get("topic") and "topic" not in self.errors:
            self.add_error("topic", gettext("Give the topic under which the device sends."))
        text = (given.get("mapping") or "").strip()
        if not text:
            if shapes.of_model(model, 0) is None and "mapping" not in self.errors:
                self.add_error("mapping", gettext("Say where the values stand in the messages of this device."))
            return
        try:
            given["message_map"] = mapping.read(text, model)
        except mapping.MappingWrong as error:
            self.add_error("mapping", brokers.mapping_words(error))

    def subscription(self) -> acquisition_operations.SubscriptionFacts:
        """This will return what was typed as the operations want it."""
        given = self.cleaned_data
        return acquisition_operations.SubscriptionFacts(
            topic=given["topic"],
            channel=given.get("channel") or 0,
            mapping=given.get("message_map"),
            expected_seconds=given.get("expected_seconds") or values.EXPECTED_SECONDS,
        )
