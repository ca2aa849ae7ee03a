"""How an association begins and ends: initiate, AARQ and AARE, release, and the errors of the meter."""

from __future__ import annotations

from collections.abc import Callable

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dlms import axdr

Fields = dict[str, Plain]
Inner = Callable[[bytes, int], Fields]
CONFORMANCE = {
    1: "general-protection",
    2: "general-block-transfer",
    3: "read",
    4: "write",
    5: "unconfirmed-write",
    6: "delta-value-encoding",
    8: "attribute0-supported-with-set",
    9: "priority-mgmt-supported",
    10: "attribute0-supported-with-get",
    11: "block-transfer-with-get-or-read",
    12: "block-transfer-with-set-or-write",
    13: "block-transfer-with-action",
    14: "multiple-references",
    15: "information-report",
    16: "data-notification",
    17: "access",
    18: "parameterized-access",
    19: "get",
    20: "set",
    21: "selective-access",
    22: "event-notification",
    23: "action",
}
STATE_ERRORS = {1: "service-not-allowed", 2: "service-unknown"}
SERVICE_ERRORS = {
    1: "operation-not-possible",
    2: "service-not-supported",
    3: "other-reason",
    4: "pdu-too-long",
    5: "deciphering-error",
    6: "invocation-counter-error",
}
ERROR_KINDS = {
    0: "application-reference",
    1: "hardware-resource",
    2: "vde-state-error",
    3: "service",
    4: "definition",
    5: "access",
    6: "initiate",
    9: "file-update",
    10: "task",
}
INITIATE_ERRORS = {
    0: "other",
    1: "dlms-version-too-low",
    2: "incompatible-conformance",
    3: "pdu-size-too-short",
    4: "refused-by-the-vde-handler",
}
ASSOCIATION = {0x60: "AARQ", 0x61: "AARE", 0x62: "RLRQ", 0x63: "RLRE"}
RESULTS = {0: "accepted", 1: "rejected-permanent", 2: "rejected-transient"}
DIAGNOSTICS = {
    0: "null",
    1: "no-reason-given",
    2: "application-context-name-not-supported",
    11: "authentication-mechanism-name-not-recognised",
    12: "authentication-mechanism-name-required",
    13: "authentication-failure",
    14: "authentication-required",
}
MECHANISMS = {
    0: "none",
    1: "low",
    2: "high",
    3: "high-md5",
    4: "high-sha1",
    5: "high-gmac",
    6: "high-sha256",
    7: "high-ecdsa",
}
RELEASE_REASONS = {0: "normal", 1: "urgent", 30: "user-defined"}
CIPHERED_CONTEXTS = (3, 4)


def request(octets: Octets) -> Fields:
    """This will read an initiate request behind its tag."""
    dedicated = octets.take(axdr.length(octets), "dedicated key") if octets.byte("dedicated key follows") else None
    allowed = octets.byte("response allowed follows")
    if allowed:
        allowed = octets.byte("response allowed")
    quality = octets.number(1, "quality of service", signed=True) if octets.byte("quality follows") else None
    return {
        "apdu": "INITIATE-REQUEST",
        "dedicated_key": dedicated.hex() if dedicated else None,
        "quality_of_service": quality,
        "dlms_version": octets.byte("DLMS version"),
        "conformance": _conformance(octets),
        "max_receive_pdu_size": octets.number(2, "PDU size"),
    }


def response(octets: Octets) -> Fields:
    """This will read an initiate response behind its tag."""
    quality = octets.number(1, "quality of service", signed=True) if octets.byte("quality follows") else None
    return {
        "apdu": "INITIATE-RESPONSE",
        "quality_of_service": quality,
        "dlms_version": octets.byte("DLMS version"),
        "conformance": _conformance(octets),
        "max_receive_pdu_size": octets.number(2, "PDU size"),
        "vaa_name": octets.number(2, "VAA name"),
    }


def _conformance(octets: Octets) -> list[Plain]:
    place, tag = octets.place, octets.take(2, "conformance")
    if tag != b"\x5f\x1f":
        raise DecodeError("conformance begins with 5f1f", place=place)
    if octets.peek("conformance") == 4:
        octets.byte("length")
    octets.byte("unused bits")
    bits = octets.number(3, "conformance")
    return [name for bit, name in CONFORMANCE.items() if bits >> (23 - bit) & 1]


def service_error(octets: Octets) -> Fields:
    """This will read a confirmed service error behind its tag."""
    service, kind, code = octets.byte("service"), octets.byte("kind of error"), octets.byte("error")
    name = INITIATE_ERRORS.get(code) if kind == 6 else None
    return {
        "apdu": "CONFIRMED-SERVICE-ERROR",
        "service": service,
        "error_kind": ERROR_KINDS.get(kind, f"kind {kind}"),
        "error_value": name or code,
    }


def exception(octets: Octets) -> Fields:
    """This will read an exception response behind its tag."""
    state, service = octets.byte("state error"), octets.byte("service error")
    fields: Fields = {
        "apdu": "EXCEPTION-RESPONSE",
        "state_error": STATE_ERRORS.get(state, f"error {state}"),
        "service_error": SERVICE_ERRORS.get(service, f"error {service}"),
    }
    return {**fields, "invocation_counter": octets.number(4, "invocation counter")} if octets.left == 4 else fields


def association(octets: Octets, tag: int, inner: Inner) -> Fields:
    """This will read an AARQ, AARE, RLRQ or RLRE behind its tag.

    :param inner: decodes the xDLMS APDU in the user information, given its bytes and their place
    """
    content = octets.part(axdr.length(octets), ASSOCIATION[tag])
    fields: Fields = {"apdu": ASSOCIATION[tag]}
    while content.left:
        field = content.byte("field")
        part = content.part(axdr.length(content), f"field 0x{field:02x}")
        fields |= _field(field, part, tag, inner)
    return fields


def _field(field: int, part: Octets, tag: int, inner: Inner) -> Fields:
    start = part.start
    octets = part.rest()
    last = octets[-1] if octets else 0
    if field == 0xA1:
        return {"application_context": last, "ciphered": last in CIPHERED_CONTEXTS}
    if field == 0xA2:
        return {"result": RESULTS.get(last, f"result {last}")}
    if field == 0xA3:
        return {"diagnostic": DIAGNOSTICS.get(last, f"diagnostic {last}")}
    if field in (0xA4, 0xA6):
        return {"system_title": octets[2:].hex()}
    if field in (0x89, 0x8B):
        return {"mechanism": MECHANISMS.get(last, f"mechanism {last}")}
    if field in (0xAA, 0xAC):
        return {"authentication_value": octets[2:].hex()}
    if field == 0x80 and tag in (0x62, 0x63):
        return {"reason": RELEASE_REASONS.get(last, f"reason {last}")}
    if field == 0xBE:
        held = Octets(octets, start)
        held.byte("octet string")
        size = axdr.length(held)
        return {"user_information": inner(held.take(size, "user information"), held.start + held.at - size)}
    return {}
