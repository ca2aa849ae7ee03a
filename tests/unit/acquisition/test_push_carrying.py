"""A batch on its way through a broker: what is published, what is signed, and how it is answered."""

from __future__ import annotations

import pytest

from meterbook.acquisition.push import batch, carrying, configuration, signing

GATEWAY, OTHER = "0b6c7f1e-6f0c-4c3e-9a61-2f0f5a0d9b11", "5f2f3c1a-8d0e-4c61-b6a4-7d1f0c9e2a33"
SECRET = bytes(range(32))
STAMP = signing.Stamp(GATEWAY, OTHER, 1_764_153_004_000, "9f86d081884c7d659a2feaa0c55ad015", 42)


class TestWrapped:
    @pytest.mark.parametrize("algorithm", list(signing.Algorithm))
    def test_comes_out_as_it_went_in_and_is_signed_for_its_topic(self, algorithm: signing.Algorithm) -> None:
        body = batch.write(batch.Batch()) + b"\n\x00"
        stamp = carrying.signed(algorithm, SECRET, STAMP, body)

        found = carrying.unwrap(carrying.wrap(stamp, body))

        assert (found.stamp, found.encoding, found.body) == (stamp, "gzip", body)
        key = SECRET if algorithm is signing.Algorithm.HMAC else signing.public_half(SECRET)
        for method, path, is_genuine in (
            ("MQTT", carrying.batches_topic(GATEWAY), True),
            ("POST", carrying.batches_topic(GATEWAY), False),
            ("MQTT", carrying.batches_topic(OTHER), False),
            ("MQTT", "/push/v1/batches", False),
        ):
            text = signing.canonical(method, path, found.stamp, found.body)
            assert signing.is_genuine(algorithm, key, text, stamp.signature) is is_genuine

    @pytest.mark.parametrize("payload", [b"", b"{}\nx", b"x" * 5_000, b'{"Meterbook-Gateway": 7}\nx', b"\xff\n"])
    def test_of_another_shape_is_refused(self, payload: bytes) -> None:
        with pytest.raises(signing.HeadersInvalid):
            carrying.unwrap(payload)

    def test_too_long_is_refused_unread(self) -> None:
        with pytest.raises(batch.BatchTooLarge):
            carrying.unwrap(b"{}\n" + bytes(carrying.LONGEST))


class TestTopic:
    def test_names_its_gateway(self) -> None:
        assert carrying.gateway_of(carrying.batches_topic(GATEWAY)) == GATEWAY
        assert carrying.gateway_of(carrying.answers_topic(GATEWAY)) == ""
        assert carrying.gateway_of("riser/batches") == ""


class TestAnswer:
    def test_counts_with_the_signature_of_the_server_for_this_gateway_alone(self) -> None:
        answer = carrying.Answer("the signature", 200, {"sequence": 42, "stored": 3})
        text = carrying.write_answer(SECRET, GATEWAY, answer)
        server_key = signing.public_half(SECRET)

        assert carrying.read_answer(text, server_key=server_key, gateway=GATEWAY) == answer
        flipped = text[:-3] + bytes([text[-3] ^ 1]) + text[-2:]
        for payload, key, gateway in (
            (flipped, server_key, GATEWAY),
            (text, signing.public_half(bytes(32)), GATEWAY),
            (text, server_key, OTHER),
            (b"", server_key, GATEWAY),
            (b"\xff\xfe\n{}", server_key, GATEWAY),
        ):
            with pytest.raises(carrying.AnswerRefused):
                carrying.read_answer(payload, server_key=key, gateway=gateway)


PLACE: dict[str, object] = {"host": "10.0.0.5", "port": 8883, "is_encrypted": True, "authority": ""}


class TestCarrierOfAConfiguration:
    def told(self, carrier: object) -> configuration.Configuration:
        text = configuration.write({"gateway": GATEWAY, "number": 3, "buses": [], "models": {}, "carrier": carrier})
        signature = configuration.sign(SECRET, text)
        return configuration.read(text, signature, server_key=signing.public_half(SECRET), gateway=GATEWAY)

    def test_is_read(self) -> None:
        assert self.told(PLACE).carrier == configuration.Carrier("10.0.0.5", 8883, True, "")

    @pytest.mark.parametrize("carrier", [None, {}, {**PLACE, "password": "x"}, {"host": "10.0.0.5"}])
    def test_of_another_shape_is_refused(self, carrier: object) -> None:
        with pytest.raises(configuration.ConfigurationRefused):
            self.told(carrier)
