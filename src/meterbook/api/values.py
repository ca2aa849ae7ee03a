"""How values are written in the API: decimals and instants as text, names without signs that nobody types."""

from __future__ import annotations

import re
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core import validators
from django.core.exceptions import ValidationError
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from meterbook.kernel import currency as currencies
from meterbook.kernel import money as kernel_money
from meterbook.kernel import signs

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
DAY = re.compile(r"(?a:\d{4}-\d\d-\d\d)")
INSTANT = re.compile(r"(?a:\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d))")
DECIMAL = r"^-?[0-9]{1,24}(\.[0-9]{1,12})?$"


class Given(BaseModel):
    """What a program sends: a field that is not known is an error, never passed over."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_json_writes_it(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - whatever was sent
        """No 0 for false, no "5" for 5: JSON has kinds. Parts of a form have none, there all is text."""
        request = (info.context or {}).get("request")
        if value is None or (request is not None and request.content_type == "multipart/form-data"):
            return value
        wanted = cls.model_fields[info.field_name or ""].annotation
        kinds = {wanted, *typing.get_args(wanted)}
        if bool in kinds and not isinstance(value, bool):
            raise ValueError("write true or false, without quotes")
        if int in kinds and type(value) is not int:
            raise ValueError("write a whole number, without quotes and without a fraction")
        return value


class Told(BaseModel):
    """What a program is answered."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


def _written(words: str) -> str:
    found = signs.find(words, lines=True)
    if found is not None:
        raise ValueError(f"holds the invisible sign {found.shown} at place {found.place}; take it out")
    return signs.composed(words)


def _is_email(given: str) -> str:
    """The check of the forms, so that both ways take the same addresses."""
    try:
        validators.validate_email(given)
    except ValidationError as error:
        raise ValueError("write an e-mail address such as name@example.com") from error
    return given


def _is_email_or_empty(given: str) -> str:
    return _is_email(given) if given else given


def _is_day_text(given: Any) -> Any:  # noqa: ANN401 - whatever was sent
    if not isinstance(given, date) and not (isinstance(given, str) and DAY.fullmatch(given)):
        raise ValueError('write a day as "2026-10-01"')
    return given


def _is_instant_text(given: Any) -> Any:  # noqa: ANN401 - whatever was sent
    if not isinstance(given, datetime) and not (isinstance(given, str) and INSTANT.fullmatch(given)):
        raise ValueError('write an instant as "2026-10-01T22:00:00Z", or with its offset')
    return given


def _is_near(day: date | datetime) -> date | datetime:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"take one of the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return day


def _is_currency(code: str) -> str:
    if code not in currencies.MINOR_UNITS:
        raise ValueError("is no currency that is known; take a code such as EUR or USD")
    return code


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Email = Annotated[str, Field(max_length=254), AfterValidator(_is_email)]
MaybeEmail = Annotated[str, Field(max_length=254), AfterValidator(_is_email_or_empty)]
Words = Annotated[str, AfterValidator(_written)]
Name = Annotated[Words, Field(min_length=1, max_length=200)]
# Signs of another width or font become the usual ones, so that no number comes twice.
Code = Annotated[Words, AfterValidator(signs.folded), Field(min_length=1, max_length=40)]
Note = Annotated[Words, Field(min_length=1, max_length=500)]
# A number as text, so that no float can come between: "12.50".
DecimalGiven = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", max_length=16)]
DecimalTold = Annotated[str, Field(pattern=DECIMAL)]
# Years out of reach are refused in words before they are turned: UTC of the year 1 is no year.
InstantGiven = Annotated[
    AwareDatetime, BeforeValidator(_is_instant_text), AfterValidator(_is_near), AfterValidator(_in_utc)
]
InstantTold = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
DayGiven = Annotated[date, BeforeValidator(_is_day_text), AfterValidator(_is_near)]
Limit = Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")]
CurrencyGiven = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_is_currency)]
Language = Literal["en", "es"]
Search = Annotated[Words, Field(max_length=100)]
Cursor = Annotated[str, Field(max_length=200, description="`next` of the page before.")]


class Money(Told):
    """An amount with its currency; the amount is a decimal written as text."""

    amount: DecimalTold
    currency: str


def file_name(text: str, most: int) -> str:
    """This will return the name of a sent file without signs that nobody types, cut to a length."""
    return signs.without(text.strip())[:most]


def decimal(number: Decimal) -> str:
    """This will write a decimal as text without an exponent: "1250.00"."""
    return format(number, "f")


def read_decimal(text: str | None) -> Decimal | None:
    """This will read a decimal that was given as text, or nothing."""
    return None if text is None else Decimal(text)


def scaled(number: int, decimals: int) -> str:
    """This will write an integer of 10^-`decimals` as text: 12345 with 3 is "12.345"."""
    return format(Decimal(number).scaleb(-decimals), "f")


def maybe_decimal(number: Decimal | None) -> str | None:
    """This will write a decimal, or nothing."""
    return None if number is None else decimal(number)


def instant(at: datetime) -> str:
    """This will write an instant in UTC as RFC 3339 has it: "2026-10-01T22:00:00Z"."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def maybe_instant(at: datetime | None) -> str | None:
    """This will write an instant, or nothing."""
    return None if at is None else instant(at)


def money(amount: kernel_money.Money) -> Money:
    """This will write an amount with its currency."""
    return Money(amount=decimal(amount.amount), currency=amount.currency)


def maybe_money(amount: kernel_money.Money | None) -> Money | None:
    """This will write an amount, or nothing."""
    return None if amount is None else money(amount)
