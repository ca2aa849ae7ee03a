"""Uplinks of LoRaWAN meters and sensors; the profile says whose payload it is."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.drivers.lorawan import axioma, makers, milesight, nke
from meterbook.acquisition.drivers.lorawan.fields import Profile

ELSYS = ("ers", "ers-co2", "ers-co2-lite", "ers-eye", "ers-lite", "ers-sound", "ers-voc", "elt-2", "elt-lite", "ems")
NKE = ("pulse-senso", "smart-plug", "intenso", "t-indoor", "th")
PROFILES: dict[str, Profile] = {
    **{f"milesight-{product}": milesight.profile(product) for product in milesight.PRODUCTS},
    "axioma-qalcosonic-w1": axioma.decode,
    "elsys": makers.elsys,
    **{f"elsys-{product}": makers.elsys for product in ELSYS},
    "adeunis-pulse": makers.adeunis_pulse,
    "dragino-sw3l": makers.dragino_sw3l,
    "dragino-sw3l-lb": makers.dragino_sw3l,
    "sensative-strips": makers.sensative_strips,
    **{f"elvaco-cmi41{number}": makers.elvaco for number in ("10", "11", "30", "40", "60")},
    **{f"nke-watteco-{product}": nke.decode for product in NKE},
}
SPELLINGS = {"milesight-iot-": "milesight-", "-codec": "", "-sensor": ""}


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode one uplink of the profile in the options; the names are those of `PROFILES`.

    :raises DecodeError: when the profile is unknown, or a value is cut off or none of the profile's
    """
    name = named(options.profile or "")
    if name not in PROFILES:
        raise DecodeError(
            f"“{options.profile or ''}” is no profile; write lorawan:PROFILE with one of {', '.join(PROFILES)}",
            place="profile",
        )
    try:
        return PROFILES[name](frame, options.port)
    except (OverflowError, OSError) as error:
        raise DecodeError("a time in it is none", place="payload") from error


def named(profile: str) -> str:
    """This will return the name of a profile as `PROFILES` has it: milesight-iot/am107 is milesight-am107."""
    name = profile.strip().lower().replace("/", "-").replace("_", "-")
    for spelling, usual in SPELLINGS.items():
        name = name.replace(spelling, usual)
    return name
