"""Currencies and how many decimals their smallest unit has (ISO 4217)."""

from __future__ import annotations

_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
        "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
        "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU "
        "MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
        "SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED "
        "VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_UNITS = {code: places for places, codes in _CODES.items() for code in codes.split()}

# What people write for the common ones, in English and Spanish.
_NAMES = {
    "ARS": "argentine peso, peso argentino",
    "BRL": "real, reais, reales",
    "CHF": "swiss franc, franco suizo, francos suizos",
    "CLP": "chilean peso, peso chileno",
    "COP": "colombian peso, peso colombiano",
    "EUR": "euro, euros, €",
    "GBP": "pound, pounds, pound sterling, libra, libras, libra esterlina, £",
    "JPY": "yen, yenes, ¥",
    "MXN": "mexican peso, mexican pesos, peso mexicano, pesos mexicanos",
    "PEN": "sol, soles",
    "PLN": "zloty",
    "USD": "dollar, dollars, us dollar, us dollars, dolar, dolares, dólar, dólares, us$",
}
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split(", ")}


class CurrencyUnknown(ValueError):
    """The currency is not an ISO 4217 code in use, such as EUR, MXN, JPY or KWD."""


def minor_units(currency: str) -> int:
    """This will return the decimals of a currency's smallest unit: EUR 2, JPY 0, KWD 3.

    :raises CurrencyUnknown: when the code is not known
    """
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise CurrencyUnknown(f"{currency!r}: {CurrencyUnknown.__doc__}") from None


def code_of(given: str) -> str | None:
    """This will return the code that a text names: eur, EUR and Euro are EUR; None for no currency in use."""
    wanted = " ".join(given.split())
    code = _BY_NAME.get(wanted.casefold(), wanted.upper())
    return code if code in MINOR_UNITS else None
