"""Problems of devices in the reader's language. Drivers are plain Python and speak English; their codes are fixed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import values

# code -> (what happened, what to do). Figures come from the problem's data.
_TEXTS: dict[str, tuple[str | Promise, str | Promise]] = {
    "TIMEOUT": (
        _("Unit %(unit)s did not answer within %(seconds)s s."),
        _(
            "Check the unit address, the meter's supply and wiring, and the gateway's speed and parity; on a slow line"
            " allow a longer time-out."
        ),
    ),
    "CONNECTION": (
        _("No connection to %(host)s:%(port)s."),
        _(
            "Check host and port, that the gateway is switched on and reachable from here, and that no other program"
            " holds its only connection."
        ),
    ),
    "CONNECTION_LOST": (
        _("The gateway closed the connection while unit %(unit)s was asked."),
        _("Check that no other program uses the gateway, and the network between."),
    ),
    "MISMATCH": (
        _("An answer came that does not belong to the request; nothing of it was used."),
        _("Check that every address on the line is used once and that only one program asks the gateway."),
    ),
    "NONSENSE": (
        _("Register %(register)s held 0x%(raw)s, which is no possible value."),
        _("Check the meter model, its word order and its registers against the display of the meter."),
    ),
    "CLOCK": (
        _("The meter's clock shows %(clock)s, more than an hour from ours."),
        _("Set the meter's clock; what it remembers from before then cannot be placed in time."),
    ),
    "POINTER": (
        _("The meter says that its newest record is at place %(pointer)s, and there are %(records)s places."),
        _("Correct the place of the pointer in the meter's type, or its base."),
    ),
    "CLOCK_ZONE": (
        _("The gateway does not know the zone of the meter's clock."),
        _("Install the time zones (tzdata) on the gateway, then ask again."),
    ),
    "SAME_NUMBER": (
        _("Several meters answer to the number %(number)s at once."),
        _("Take all but one of them off the line, then search again."),
    ),
    "NO_MEMORY": (
        _("The meter's model does not say what it remembers."),
        _("Choose the right meter model, or fill the gap in another way."),
    ),
    "LAST_GASP": (
        _("The meter said itself that its supply failed."),
        _("Look at the fuse and the supply of the meter; it is read again once it has power."),
    ),
    "COARSE": (
        _("Register %(register)s is a float that has grown too large to count in its last digit."),
        _("Its energy arrives in jumps; read a whole-number register of the meter instead, if it has one."),
    ),
    "MAPPING": (
        _("Register %(register)s of the meter model does not fit the installation of the meter."),
        _("Install the meter again with the registers of its model, or choose the right meter model."),
    ),
    "MODEL": (
        _("The library has no meter model “%(model)s”."),
        _("Choose a meter model that the library has."),
    ),
    "NOT_INSTALLED": (
        _("The meter hangs at no meter point, so that nothing says where its values belong."),
        _("Install the meter at a meter point."),
    ),
    "MISSING_RECORD": (
        _("The meter sends no record “%(record)s” for register %(register)s."),
        _("Check the meter model against what the meter sends; another setting of the meter sends other records."),
    ),
    "NO_SUNSPEC": (
        _("The device shows no chain of SunSpec models with one of a meter."),
        _("Check the address, and that SunSpec is switched on in the device; else choose its model by hand."),
    ),
    "EXPIRED": (
        _("Nobody took the question within 15 s."),
        _("Check that the collector runs, then try again."),
    ),
    "OLD_COLLECTOR": (
        _("The collector does not know such a question."),
        _("It is of an older release; restart it, then read again."),
    ),
    "NOTHING_NEW": (
        _("The meter answered nothing more."),
        _("Read it again; if that goes on, check its wiring and its supply."),
    ),
    "MBUS_REFUSED": (
        _("The meter answered that it cannot tell its values now."),
        _("Ask again later; if that goes on, look at its display, and exchange it if it shows an error."),
    ),
    "MBUS_ENCRYPTED": (
        _("The meter sends its values encrypted."),
        _("Switch the encryption of the wired interface off with the tool of the maker."),
    ),
    "SERIAL_PORT": (
        _("The serial port “%(host)s” is not allowed."),
        _("Ask the owner of the platform to add the port to MB_SERIAL_PORTS, or correct it."),
    ),
    "NETWORK": (
        _("Connections to %(address)s are not allowed."),
        _("Ask the owner of the platform to add the network to MB_ALLOWED_NETWORKS, or correct the address."),
    ),
    "NAME": (
        _("The name %(host)s cannot be resolved."),
        _("Check the spelling of the gateway's name, or give its address as numbers."),
    ),
    "NO_TELEGRAM": (
        _("No telegram came within %(seconds)s s."),
        _(
            "Check the plug, that the port of the meter is switched on, and that the optical head sits right; a P1 port"
            " of DSMR 4 sends every 10 seconds, allow at least that."
        ),
    ),
    "TELEGRAM": (
        _("Something came, but no whole telegram."),
        _("Check speed, parity and stop bits of the line, and how the optical head sits; light from outside disturbs."),
    ),
    "NO_CHANNEL": (
        _("The telegrams say nothing new of meter %(unit)s."),
        _("Check the address of the meter: 0 is the electricity meter itself, 1 to 4 are those that it hears."),
    ),
    "BROKER_REFUSED": (
        _("The broker %(host)s does not let us in."),
        _("Check user and password at the broker, and whether another program uses the same client id."),
    ),
    "BROKER_TLS": (
        _("The broker %(host)s could not prove who it is, or does not speak TLS at this port."),
        _("Check the port, the name of the broker and the certificate of the authority that signed its own."),
    ),
    "BROKER_UNPROTECTED": (
        _("The broker %(host)s is outside of the local network, and is entered without a user or without encryption."),
        _("Outside of the local network give a user and a password, and switch encryption on."),
    ),
    "BROKER_PASSWORD": (
        _("The password of the broker was encrypted with another key."),
        _("Enter the password of the broker again."),
    ),
    "TOPIC_REFUSED": (
        _("The broker does not let us hear the topic “%(topic)s”."),
        _("Allow our user to read this topic at the broker."),
    ),
    "NO_MESSAGE": (
        _("No message under “%(topic)s” for %(seconds)s s."),
        _("Check that the device is supplied, reaches the broker, and sends under this topic."),
    ),
    "NOT_SENT": (
        _("Nothing came for %(seconds)s s."),
        _("Check that the device is supplied, reaches this server, and sends to its address."),
    ),
    "NO_JSON": (
        _("A message is no JSON: “%(text)s”."),
        _("Check what the device sends under this topic; it must be JSON, or a number alone."),
    ),
    "NO_VALUE": (
        _("No number for register %(register)s stands at %(pointer)s in the message (%(found)s)."),
        _("Correct the mapping, or the settings of the device."),
    ),
    "MESSAGE_TIME": (
        _("The time of a message cannot be: %(found)s at %(pointer)s."),
        _("Set the clock of the device, or take the time out of the mapping: then the time of arrival counts."),
    ),
    "DISABLED": (
        _("The meter is not asked at present: it or its bus is switched off."),
        _("Switch the device and its bus on."),
    ),
    "GATEWAY_BROKEN": (
        _("The program on the gateway could not deal with the connection; its log holds the details."),
        _("Send the log of the gateway to whoever looks after the system; it tries again by itself."),
    ),
    "BROKEN": (
        _("The collector could not deal with the answer; its log holds the details."),
        _("Send the log of the collector to whoever looks after the system."),
    ),
}

_EXCEPTIONS: dict[int, tuple[Promise, Promise]] = {
    1: (
        _("illegal function"),
        _("The device does not know this function; check that the meter model is the right one."),
    ),
    2: (
        _("illegal data address"),
        _("The device has no such register; check the meter model and its firmware version."),
    ),
    3: (
        _("illegal data value"),
        _("The device refused the length of the block; lower the model's words per request."),
    ),
    4: (
        _("device failure"),
        _("The device failed while it answered; restart it, and exchange it if that goes on."),
    ),
    5: (_("acknowledged, still working"), _("The device needs longer; ask again later.")),
    6: (_("device busy"), _("The device works on something else; ask again later.")),
    7: (
        _("negative acknowledge"),
        _("The device refused the request; check that the meter model is the right one."),
    ),
    8: (_("memory parity error"), _("The device found its memory damaged; if that goes on, exchange it.")),
    10: (
        _("gateway path unavailable"),
        _("The gateway has no line to this address; check its configuration."),
    ),
    11: (
        _("gateway target did not respond"),
        _("The gateway is there, the meter is silent; check its address, speed, parity, wiring and supply."),
    ),
}


def words(problem: values.Problem) -> str:
    """This will say what happened, in the language that is active; in the stored English for an unknown code."""
    if problem.code == "EXCEPTION":
        number = problem.data.get("exception")
        known = _EXCEPTIONS.get(number) if isinstance(number, int) else None
        if known is not None:
            return str(_("The device answered with exception %(number)s, %(words)s.")) % {
                "number": number,
                "words": str(known[0]),
            }
        return problem.words
    text = _TEXTS.get(problem.code)
    if text is None:
        return problem.words
    if problem.code == "CONNECTION" and problem.data.get("port") == 0:
        return str(_("The serial port %(host)s cannot be opened.")) % {"host": problem.data.get("host")}
    try:
        return str(text[0]) % dict(problem.data)
    except KeyError:  # an older row without the figure
        return problem.words


def remedy(problem: values.Problem) -> str:
    """This will say what to do about it, in the language that is active."""
    if problem.code == "EXCEPTION":
        number = problem.data.get("exception")
        known = _EXCEPTIONS.get(number) if isinstance(number, int) else None
        return str(known[1]) if known is not None else problem.remedy
    text = _TEXTS.get(problem.code)
    return str(text[1]) if text is not None else problem.remedy
