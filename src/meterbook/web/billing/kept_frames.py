"""The raw frames of a reading, and where its device stands on its bus."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.acquisition.values import BUS_PROTOCOL_CAPTIONS
from meterbook.reporting.queries import raw_readings
from meterbook.web.meters import frames


def of(found: raw_readings.Evidence) -> tuple[frames.FrameView, ...]:
    """This will return the frames in which the reading came, cut into their fields, where they are kept."""
    views = (frames.frame(each) for each in found.origin.frames)
    return tuple(each for each in views if each is not None)


def place(found: raw_readings.Evidence, *, is_own: bool) -> str:
    """This will say through what the meter is asked; a tenant is told the protocol and the address, not the network."""
    device = found.origin.device
    if device is None:
        return ""
    spoken = str(BUS_PROTOCOL_CAPTIONS[device.bus.protocol])
    told = _("%(protocol)s, address %(address)s") % {"protocol": spoken, "address": device.address}
    return told if is_own else f"{told}, {device.bus.name} ({device.bus.address})"
