"""How a line is set, in few words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.acquisition import values


def words(protocol: values.BusProtocol, line: values.LineSettings) -> str:
    """This will tell what is not plain from what is spoken: 9600 8N1 of a serial port, baud of M-Bus, and the pause."""
    parts = []
    if protocol.is_serial:
        parts.append(f"{line.baud} 8{line.parity.value}{line.stop_bits}")
    elif protocol.is_mbus:
        parts.append(_("%(baud)s baud") % {"baud": line.baud})
    if line.pause_ms:
        parts.append(_("pause %(pause)s ms") % {"pause": line.pause_ms})
    return ", ".join(parts)
