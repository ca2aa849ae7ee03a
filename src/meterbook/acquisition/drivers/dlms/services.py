"""The services of xDLMS with logical names (Green Book 9.3): get, set, action, events, notifications."""

from __future__ import annotations

from collections.abc import Callable

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dlms import axdr, cosem, lists

Fields = dict[str, Plain]
Service = Callable[[Octets], Fields]
ACTION_RESULTS = {**cosem.ACCESS_RESULTS, 15: "long-action-aborted", 16: "no-long-action-in-progress"}


def _several(octets: Octets, read: Service) -> list[Plain]:
    place, count = octets.place, axdr.length(octets)
    if count > octets.left:
        raise DecodeError(f"{count} items are announced, {octets.left} bytes follow", place=place)
    return [read(octets) for _ in range(count)]


def _selected(octets: Octets) -> Fields:
    return {**cosem.attribute(octets), **cosem.selection(octets)}


def _data_or_result(octets: Octets) -> Fields:
    place, choice = octets.place, octets.byte("choice of data or result")
    if choice > 1:
        raise DecodeError(f"choice {choice}, 0 is data and 1 a result", place=place)
    if choice:
        return {"result": cosem.result(octets)}
    return {"result": "success", "data": axdr.read(octets)}


def _block(octets: Octets) -> Fields:
    last, number = octets.byte("last block") != 0, octets.number(4, "block number")
    return {"last_block": last, "block_number": number, "raw_data": octets.take(axdr.length(octets), "block").hex()}


def _result_block(octets: Octets) -> Fields:
    last, number = octets.byte("last block") != 0, octets.number(4, "block number")
    fields: Fields = {"last_block": last, "block_number": number}
    if octets.byte("choice of data or result"):
        return {**fields, "result": cosem.result(octets)}
    return {**fields, "raw_data": octets.take(axdr.length(octets), "block").hex()}


def _next(octets: Octets) -> Fields:
    return {"block_number": octets.number(4, "block number")}


def _get_list(octets: Octets) -> Fields:
    return {"attributes": _several(octets, _selected)}


def _results(octets: Octets) -> Fields:
    return {"results": _several(octets, _data_or_result)}


def _set(octets: Octets) -> Fields:
    return {**_selected(octets), "data": axdr.read(octets)}


def _set_first(octets: Octets) -> Fields:
    return {**_selected(octets), **_block(octets)}


def _set_list(octets: Octets) -> Fields:
    return {"attributes": _several(octets, _selected), "values": _several(octets, axdr.read)}


def _set_list_first(octets: Octets) -> Fields:
    return {"attributes": _several(octets, _selected), **_block(octets)}


def _set_result(octets: Octets) -> Fields:
    return {"result": cosem.result(octets)}


def _set_last(octets: Octets) -> Fields:
    return {"result": cosem.result(octets), **_next(octets)}


def _set_list_last(octets: Octets) -> Fields:
    return {**_set_results(octets), **_next(octets)}


def _set_results(octets: Octets) -> Fields:
    return {"results": _several(octets, _set_result)}


def _method(octets: Octets) -> Fields:
    return cosem.attribute(octets, "method")


def _optional(octets: Octets) -> Fields:
    return {"data": axdr.read(octets)} if octets.byte("parameters follow") else {}


def _action(octets: Octets) -> Fields:
    return {**_method(octets), **_optional(octets)}


def _action_list(octets: Octets) -> Fields:
    return {"methods": _several(octets, _method), "values": _several(octets, axdr.read)}


def _action_first(octets: Octets) -> Fields:
    return {**_method(octets), **_block(octets)}


def _action_list_first(octets: Octets) -> Fields:
    return {"methods": _several(octets, _method), **_block(octets)}


def _action_result(octets: Octets) -> Fields:
    code = octets.byte("result")
    fields: Fields = {"result": ACTION_RESULTS.get(code, f"result {code}")}
    if octets.byte("return value follows"):
        answer = _data_or_result(octets)
        return {**fields, **({"data": answer["data"]} if "data" in answer else {"return_result": answer["result"]})}
    return fields


def _action_results(octets: Octets) -> Fields:
    return {"results": _several(octets, _action_result)}


# tag -> name, and kind -> (name, fields)
SERVICES: dict[int, tuple[str, dict[int, tuple[str, Service]]]] = {
    0xC0: ("GET-REQUEST", {1: ("NORMAL", _selected), 2: ("NEXT", _next), 3: ("WITH-LIST", _get_list)}),
    0xC1: (
        "SET-REQUEST",
        {
            1: ("NORMAL", _set),
            2: ("WITH-FIRST-DATABLOCK", _set_first),
            3: ("WITH-DATABLOCK", _block),
            4: ("WITH-LIST", _set_list),
            5: ("WITH-LIST-AND-FIRST-DATABLOCK", _set_list_first),
        },
    ),
    0xC3: (
        "ACTION-REQUEST",
        {
            1: ("NORMAL", _action),
            2: ("NEXT-PBLOCK", _next),
            3: ("WITH-LIST", _action_list),
            4: ("WITH-FIRST-PBLOCK", _action_first),
            5: ("WITH-LIST-AND-FIRST-PBLOCK", _action_list_first),
            6: ("WITH-PBLOCK", _block),
        },
    ),
    0xC4: (
        "GET-RESPONSE",
        {1: ("NORMAL", _data_or_result), 2: ("WITH-DATABLOCK", _result_block), 3: ("WITH-LIST", _results)},
    ),
    0xC5: (
        "SET-RESPONSE",
        {
            1: ("NORMAL", _set_result),
            2: ("DATABLOCK", _next),
            3: ("LAST-DATABLOCK", _set_last),
            4: ("LAST-DATABLOCK-WITH-LIST", _set_list_last),
            5: ("WITH-LIST", _set_results),
        },
    ),
    0xC7: (
        "ACTION-RESPONSE",
        {
            1: ("NORMAL", _action_result),
            2: ("WITH-PBLOCK", _block),
            3: ("WITH-LIST", _action_results),
            4: ("NEXT-PBLOCK", _next),
        },
    ),
}


def service(octets: Octets, tag: int) -> Fields:
    """This will read a get, set or action behind its tag.

    :raises DecodeError: when the service has no such kind, or a field is wrong
    """
    name, kinds = SERVICES[tag]
    place, kind = octets.place, octets.byte(f"kind of {name}")
    if kind not in kinds:
        raise DecodeError(f"{name} has no kind {kind}", place=place)
    variant, read = kinds[kind]
    return {
        "apdu": f"{name}-{variant}",
        "invoke_id_and_priority": octets.take(1, "invoke id and priority").hex(),
        **read(octets),
    }


def notification(octets: Octets) -> Fields:
    """This will read a data notification behind its tag."""
    invoke_id = octets.take(4, "long invoke id and priority").hex()
    if octets.peek("date and time") == axdr.OCTET_STRING:  # Kaifa sends it with a tag, which the standard does not
        octets.byte("tag")
    at = octets.take(axdr.length(octets), "date and time")
    data = axdr.read(octets)
    found = lists.objects(data)
    return {
        "apdu": "DATA-NOTIFICATION",
        "long_invoke_id_and_priority": invoke_id,
        "date_time": cosem.told_moment(at),
        "data": data,
        **({"objects": found} if found else {}),
    }


def event(octets: Octets) -> Fields:
    """This will read an event notification behind its tag."""
    at = octets.take(axdr.length(octets), "date and time") if octets.byte("time follows") else b""
    return {
        "apdu": "EVENT-NOTIFICATION",
        "date_time": cosem.told_moment(at),
        **cosem.attribute(octets),
        "data": axdr.read(octets),
    }
