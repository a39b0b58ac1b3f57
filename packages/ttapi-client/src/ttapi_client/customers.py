# SPDX-License-Identifier: Apache-2.0
"""The customer, as far as a program needs to know; what is private is in no representation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from ttapi_client.readers import Reader
from ttapi_client.wire import Row, id_of, rows_of

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginType:
    """A kind of account by how it borrows."""

    name: str = ""
    is_margin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PermittedAccountType:
    """A kind of account that the customer may open."""

    name: str
    description: str = ""
    is_tax_advantaged: bool = False
    is_publicly_available: bool = False
    has_multiple_owners: bool = False
    margin_types: tuple[MarginType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the customer lives; None where not told."""

    street_one: str | None = None
    street_two: str | None = None
    street_three: str | None = None
    city: str | None = None
    state_region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    is_domestic: bool = False
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """
    The customer whose credentials are used.

    Parameters
    ----------
    id
        The broker's.
    first_name, middle_name, last_name, email, mobile_phone_number, address, mailing_address, birth_date
        Who that is; None where not told. In no representation.
    external_id, regulatory_domain, usa_citizenship_type, citizenship_country
        In the broker's words; None where not told.
    is_professional, has_delayed_quotes, is_foreign, agreed_to_margining, agreed_to_terms, \
subject_to_tax_withholding, has_industry_affiliation, has_listed_affiliation, \
has_political_affiliation, has_pending_or_approved_application
        Flags.
    permitted_account_types
        What the customer may open.
    created_at
        Since when (UTC); None where not told.
    """

    id: str
    first_name: str | None = field(default=None, repr=False)
    middle_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    mobile_phone_number: str | None = field(default=None, repr=False)
    address: Address | None = field(default=None, repr=False)
    mailing_address: Address | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    external_id: str | None = None
    regulatory_domain: str | None = None
    usa_citizenship_type: str | None = None
    citizenship_country: str | None = None
    is_professional: bool = False
    has_delayed_quotes: bool = False
    is_foreign: bool = False
    agreed_to_margining: bool = False
    agreed_to_terms: bool = False
    subject_to_tax_withholding: bool = False
    has_industry_affiliation: bool = False
    has_listed_affiliation: bool = False
    has_political_affiliation: bool = False
    has_pending_or_approved_application: bool = False
    permitted_account_types: tuple[PermittedAccountType, ...] = ()
    created_at: datetime | None = None


_permitted: Final = Reader(PermittedAccountType)


def _permitted_types(row: Row, member: str) -> tuple[PermittedAccountType, ...]:
    # These alone are written in snake case, at every depth.
    return tuple(_permitted(_kebab(item)) for item in rows_of(row.get(member)))


def _kebab(row: Row) -> Row:
    return {
        name.replace("_", "-"): [_kebab(item) for item in rows_of(value)]
        if isinstance(value, list)
        else value
        for name, value in row.items()
    }


customer_of: Final = Reader(Customer, fields={"id": id_of, "permitted_account_types": _permitted_types})
"""Read a customer; `DataError` if a field cannot be read."""


class CustomerCalls:
    """The call about the customer."""

    _api: Api

    async def customer(self, *, trace: RequestTrace | None = None) -> Customer:
        """
        Return the customer whose credentials are used.

        Raises
        ------
        DataError
            If a field cannot be read.
        TTError
            If the call failed.
        """
        return customer_of(await self._api.data("/customers/me", trace=trace))
