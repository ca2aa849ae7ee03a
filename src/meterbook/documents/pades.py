"""Signatures of PDF files: PAdES baseline B, by pyHanko. Loaded when something is signed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import io
from collections.abc import Sequence
from datetime import datetime

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import pdf_cms
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD = "Issuer"
RESERVED = 6_144  # hexadecimal digits for the signature itself: an own certificate takes some 1,600
RESERVED_A_BYTE = 2


def sign(pdf: bytes, chain: Sequence[bytes], key: bytes, *, reason: str, at: datetime) -> bytes:
    """This will add an invisible signature over the whole file; see `signing.sign`.

    :param chain: certificates as DER, the signer's own first; `key` is PKCS#8 as DER
    """
    certificates = [asn1_x509.Certificate.load(each) for each in chain]
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register_multiple(certificates[1:])
    signer = signers.SimpleSigner(
        signing_cert=certificates[0],
        signing_key=asn1_keys.PrivateKeyInfo.load(key),
        cert_registry=registry,
    )
    about = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", reason=reason, subfilter=fields.SigSeedSubFilter.PADES
    )
    reserved = RESERVED + RESERVED_A_BYTE * sum(len(each.dump()) for each in certificates)
    # A loop of its own, in a thread of its own: the caller's thread may have one that runs.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _sign(pdf, signers.PdfSigner(about, signer), reserved, at)).result()


async def _sign(pdf: bytes, signer: signers.PdfSigner, reserved: int, at: datetime) -> bytes:
    """As pyHanko's own `async_sign_pdf`, by the product's clock and without a trial signature to learn its size."""
    session = signer.init_signing_session(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    session.system_time = at
    prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=reserved)
    output = io.BytesIO()
    digest, _same = prepared.digest_tbs_document(output=output)
    attributes = pdf_cms.PdfCMSSignedAttributes(signing_time=at)
    done = await prepared.perform_signature(document_digest=digest.document_digest, pdf_cms_signed_attrs=attributes)
    await done.post_signature_processing(output)
    return output.getvalue()
