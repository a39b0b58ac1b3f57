# SPDX-License-Identifier: Apache-2.0
"""The one customer of the sandbox, who does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, not_found, object_answer
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.requests import Request

CUSTOMER_ID: Final = "C0000000001"
_ADDRESS: Final[dict[str, Any]] = {
    "street-one": "1 SIMULATED Street",
    "city": "Chicago",
    "state-region": "IL",
    "postal-code": "60601",
    "country": "USA",
    "is-domestic": True,
    "is-foreign": False,
}
_SUITABILITY: Final[dict[str, Any]] = {
    "id": 1,
    "customer-id": "1",
    "annual-net-income": 100001,
    "net-worth": 200001,
    "liquid-net-worth": 100001,
    "number-of-dependents": 0,
    "employment-status": "EMPLOYED",
    "marital-status": "SINGLE",
    "stock-trading-experience": "Extensive",
    "covered-options-trading-experience": "Extensive",
    "uncovered-options-trading-experience": "Extensive",
    "futures-trading-experience": "Extensive",
}
_PERSON: Final[dict[str, Any]] = {
    "external-id": "P0000000001",
    "first-name": "SIMULATED",
    "last-name": "CUSTOMER",
    "citizenship-country": "USA",
    "usa-citizenship-type": "Citizen",
    "employment-status": "EMPLOYED",
    "marital-status": "SINGLE",
    "number-of-dependents": 0,
}
_CUSTOMER: Final[dict[str, Any]] = {
    "id": CUSTOMER_ID,
    "first-name": "SIMULATED",
    "last-name": "CUSTOMER",
    "address": _ADDRESS,
    "mailing-address": _ADDRESS,
    "customer-suitability": _SUITABILITY,
    "person": _PERSON,
    "usa-citizenship-type": "Citizen",
    "is-foreign": False,
    "mobile-phone-number": "+13125550100",
    "email": "simulated@example.com",
    "tax-number-type": "SSN",
    "tax-number": "*****0000",
    "birth-date": "1980-01-01",
    "external-id": "U0000000000",
    "citizenship-country": "USA",
    "subject-to-tax-withholding": False,
    "agreed-to-margining": True,
    "agreed-to-terms": True,
    "has-industry-affiliation": False,
    "has-political-affiliation": False,
    "has-listed-affiliation": False,
    "is-professional": False,
    "has-delayed-quotes": False,
    "has-pending-or-approved-application": True,
    "identifiable-type": "Person",
    # The members of this one are written with underscores on the wire.
    "permitted-account-types": [
        {
            "name": "Individual",
            "description": "SIMULATED individual account",
            "is_tax_advantaged": False,
            "has_multiple_owners": False,
            "is_publicly_available": True,
            "margin_types": [{"name": "Margin", "is_margin": True}, {"name": "Cash", "is_margin": False}],
        }
    ],
    "created-at": "2025-02-03T15:00:00.000+00:00",
}


class Customers:
    """Answers about the customer."""

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [Route("GET", "/customers/{customer}", self.one)]

    def one(self, request: Request) -> Answer:
        """Answer with the customer, who is ``me``."""
        if request.parameters["customer"] not in {"me", CUSTOMER_ID}:
            raise not_found(f"customer {request.parameters['customer']}")
        return object_answer(request.path, _CUSTOMER)
