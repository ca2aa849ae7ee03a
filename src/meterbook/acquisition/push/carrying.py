"""How a batch goes through a broker of MQTT, and how it is acknowledged there.

A broker has no headers: a message is one line of JSON with what otherwise stands in the headers, a line feed, and the
body as it is. The signature covers the topic in place of the path and `MQTT` in place of the method, so that a message
counts under its own topic alone; who may send under a topic proves nothing. The answer is signed by the server with the
key that the gateway keeps from its enrolment, and names the signature of the message that it answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meterbook.acquisition.push import batch, signing

METHOD = "MQTT"
ANSWER = "meterbook-answer-1"
ENCODING = "Content-Encoding"
MOST_HEADER = 2_000
LONGEST = MOST_HEADER + 1 + batch.MOST_BYTES
_TOPICS = "meterbook/push/v1/"


class AnswerRefused(ValueError):
    """An answer that the server did not sign for this gateway."""


@dataclass(frozen=True)
class Wrapped:
    """A message as it came through a broker; nothing of it is believed yet."""

    stamp: signing.Stamp
    encoding: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server says to the message with the signature `to`; `status` as over HTTP."""

    to: str
    status: int
    content: Mapping[str, Any]


def batches_topic(gateway: str) -> str:
    """This will return the topic under which a gateway publishes its batches."""
    return f"{_TOPICS}{gateway}/batches"


def answers_topic(gateway: str) -> str:
    """This will return the topic under which a gateway hears what became of them."""
    return f"{_TOPICS}{gateway}/answers"


def gateway_of(topic: str) -> str:
    """This will return whose topic of batches it is; empty for another topic."""
    name = topic.removeprefix(_TOPICS).removesuffix("/batches")
    return name if topic == batches_topic(name) else ""


def signed(
    algorithm: signing.Algorithm, secret: bytes, stamp: signing.Stamp, body: bytes, *, topic: str = ""
) -> signing.Stamp:
    """This will sign a stamp for a batch that goes through a broker.

    :param topic: under which it is published; that of the gateway unless given
    """
    text = signing.canonical(METHOD, topic or batches_topic(stamp.gateway), stamp, body)
    return replace(stamp, signature=signing.sign(algorithm, secret, text))


def wrap(stamp: signing.Stamp, body: bytes, *, encoding: str = batch.GZIP) -> bytes:
    """This will return what is published for a signed stamp and its body."""
    headers = stamp.headers() | ({ENCODING: encoding} if encoding else {})
    return json.dumps(headers, separators=(",", ":")).encode() + b"\n" + body


def unwrap(payload: bytes) -> Wrapped:
    """This will read what was published.

    :raises signing.HeadersInvalid: when its first line is not as it must be
    :raises batch.BatchTooLarge: when it is longer than a batch may be
    """
    if len(payload) > LONGEST:
        raise batch.BatchTooLarge(batch.BatchTooLarge.__doc__)
    line, _feed, body = payload.partition(b"\n")
    try:
        headers = batch.read_object(line[: MOST_HEADER + 1])
    except batch.BatchUnreadable as error:
        raise signing.HeadersInvalid(signing.HeadersInvalid.__doc__) from error
    return Wrapped(signing.read(headers), str(headers.get(ENCODING, "")), body)


def write_answer(secret: bytes, gateway: str, answer: Answer) -> bytes:
    """This will write an answer and sign it with the server's key for one gateway."""
    content = {"gateway": gateway, "to": answer.to, "status": answer.status, "content": dict(answer.content)}
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return signing.sign(signing.Algorithm.ED25519, secret, _told(text)).encode() + b"\n" + text


def read_answer(payload: bytes, *, server_key: bytes, gateway: str) -> Answer:
    """This will read an answer to a message of a gateway.

    :param server_key: what the gateway keeps from its enrolment
    :raises AnswerRefused: when the server did not sign it, or for another gateway
    """
    signature, _feed, text = payload.partition(b"\n")
    if not signing.is_genuine(signing.Algorithm.ED25519, server_key, _told(text), signature.decode("ascii", "replace")):
        raise AnswerRefused(AnswerRefused.__doc__)
    content = json.loads(text)
    if content["gateway"] != gateway:
        raise AnswerRefused(AnswerRefused.__doc__)
    return Answer(content["to"], content["status"], content["content"])


def _told(text: bytes) -> bytes:
    return f"{ANSWER}\n".encode() + text
