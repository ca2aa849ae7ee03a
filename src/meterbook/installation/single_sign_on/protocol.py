"""OpenID Connect, the code flow with PKCE (OpenID Connect Core 3.1, RFC 7636, RFC 9207, RFC 9700).

A token counts only when the provider signed it with a key that it publishes now, for us, for this very attempt, and
it has not ended. Signatures are asymmetric: nobody who knows the secret can make one, and "none" is no signature.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.utils.translation import gettext as _

from meterbook.installation.single_sign_on import fetching, values

WELL_KNOWN = "/.well-known/openid-configuration"
SCOPES = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
LEEWAY_SECONDS = 60  # clocks differ
REQUIRED = ("iss", "sub", "aud", "exp", "iat")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInRefused(Exception):
    """The provider's answer does not prove who signs in. Its text is for the log; people read one sentence for all."""


@dataclass(frozen=True)
class Attempt:
    """What one try to sign in is known by: kept in the session, and compared when the person comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def begin(cls) -> Attempt:
        """This will return one that nobody can guess."""
        return cls(*(secrets.token_urlsafe(32) for _each in range(3)))


def discover(issuer: str) -> dict[str, Any]:
    """This will return what the provider says of itself.

    :raises fetching.ProviderUnreachable: when it says nothing, or not what is needed
    """
    found = fetching.ask(issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        said = str(found.get("issuer", ""))[: values.LONGEST_ISSUER]
        raise fetching.ProviderUnreachable(
            _("The provider calls itself “%(name)s”. Enter it exactly so, with or without the slash.") % {"name": said}
        )
    for name in ENDPOINTS:
        address = found.get(name)
        schemes = ("https://", "http://") if issuer.startswith("http://") else ("https://",)
        if not isinstance(address, str) or not address.startswith(schemes):
            raise fetching.ProviderUnreachable(_("The provider does not tell its %(name)s.") % {"name": name})
    return found


def test(issuer: str) -> None:
    """This will pass when the provider tells where to sign in and publishes keys that we take.

    :raises fetching.ProviderUnreachable: otherwise, saying what is wrong
    """
    found = fetching.ask(discover(issuer)["jwks_uri"])
    try:
        keys = jwt.PyJWKSet.from_dict(found).keys
    except jwt.PyJWTError as error:
        raise fetching.ProviderUnreachable(_("The provider publishes no key that can be used.")) from error
    if not any(each.algorithm_name in ALGORITHMS for each in keys):
        raise fetching.ProviderUnreachable(_("The provider publishes no key that can be used."))


def address(provider: values.Provider, attempt: Attempt, *, returns_to: str) -> str:
    """This will return where the person's browser goes to sign in.

    :raises fetching.ProviderUnreachable: when the provider does not tell
    """
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": returns_to,
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if provider.acr and provider.trusts_second_step:
        asked["acr_values"] = provider.acr
    endpoint = str(discover(provider.issuer)["authorization_endpoint"])
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def finish(
    provider: values.Provider, secret: str, attempt: Attempt, answer: Mapping[str, str], *, returns_to: str
) -> values.Person:
    """This will exchange what the browser brought back for a token, check it, and return who it is.

    :param answer: the query with which the browser came back
    :raises SignInRefused: when it proves nothing
    :raises fetching.ProviderUnreachable: when the provider could not be asked
    """
    if not answer.get("state") or not secrets.compare_digest(answer["state"].encode(), attempt.state.encode()):
        raise SignInRefused("another state")
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise SignInRefused("answered by another provider")
    if not answer.get("code"):
        raise SignInRefused(f"no code: {answer.get('error', '')[:80]!r}")
    known = discover(provider.issuer)
    tokens = _exchange(known, provider, secret, answer["code"], attempt.verifier, returns_to)
    claims = check(
        str(tokens.get("id_token", "")),
        keys=fetching.ask(known["jwks_uri"]),
        issuer=provider.issuer,
        client_id=provider.client_id,
        nonce=attempt.nonce,
    )
    told = claims if "email" in claims else {**claims, **_told(known, tokens, claims["sub"])}
    return values.Person(
        issuer=provider.issuer,
        subject=claims["sub"],
        email=str(told.get("email", "")).strip().lower(),
        is_verified=told.get("email_verified") in (True, "true"),
        name=str(told.get("name", "")).strip(),
        had_two_steps=values.had_two_steps(claims, provider.acr),
    )


def check(token: str, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """This will return what a token says, once everything about it was checked.

    :raises SignInRefused: when anything is not as it must be
    """
    try:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise SignInRefused(f"signed by {head.get('alg')!r}")
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(keys, head),
            algorithms=[head["alg"]],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED)},
        )
    except jwt.PyJWTError as error:
        raise SignInRefused(str(error)) from error
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise SignInRefused("made for another client")
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise SignInRefused("another nonce")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise SignInRefused("nobody named")
    return claims


def _key(keys: dict[str, Any], head: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of several kinds
    found = [each for each in jwt.PyJWKSet.from_dict(keys).keys if each.public_key_use in (None, "sig")]
    named = [each for each in found if each.key_id == head.get("kid")] if head.get("kid") else found
    if len(named) != 1:
        raise SignInRefused("no key of that name")
    return named[0].key


def _exchange(
    known: Mapping[str, Any], provider: values.Provider, secret: str, code: str, verifier: str, returns_to: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": returns_to,
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    headers = {}
    # Without a word of the provider it is the head (Discovery 3).
    methods = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in methods:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form["client_secret"] = secret
    return fetching.ask(known["token_endpoint"], form=form, headers=headers)


def _told(known: Mapping[str, Any], tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Providers that keep the token small tell the rest when asked; it must be about the same person (Core 5.3.2)."""
    endpoint, access = known.get("userinfo_endpoint"), tokens.get("access_token")
    if not isinstance(endpoint, str) or not isinstance(access, str):
        return {}
    found = fetching.ask(endpoint, headers={"Authorization": f"Bearer {access}"})
    if found.get("sub") != subject:
        raise SignInRefused("told of somebody else")
    return {name: found[name] for name in ("email", "email_verified", "name") if name in found}
