# SPDX-License-Identifier: Apache-2.0
"""
The tastytrade REST API, typed.

Reading is lenient (unknown, missing and null fields are no fault, numbers may be texts) and strict where
money is concerned. An answer about another instrument than the asked one, a truncated one and an empty one
are asked for again by the client before they become an error. Methods take a `RequestTrace` to tell which
requests they made. The calls of each noun stand in its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttapi_client.accounts import AccountCalls
from ttapi_client.alerts import AlertCalls
from ttapi_client.api import Api, RequestTrace
from ttapi_client.balances import BalanceCalls
from ttapi_client.calendars import CalendarCalls
from ttapi_client.complex_orders import ComplexOrderCalls
from ttapi_client.crypto import CryptoCalls
from ttapi_client.customers import CustomerCalls
from ttapi_client.futures import FutureCalls
from ttapi_client.instruments import InstrumentCalls
from ttapi_client.margin import MarginCalls
from ttapi_client.market_data import MarketDataCalls
from ttapi_client.metrics import MetricsCalls
from ttapi_client.option_chains import OptionChainCalls
from ttapi_client.orders import OrderCalls
from ttapi_client.placing import Placer
from ttapi_client.search import SearchCalls
from ttapi_client.ticks import TickRules
from ttapi_client.transactions import TransactionCalls
from ttapi_client.watchlists import WatchlistCalls
from ttapi_core import LostAnswerPolicy

if TYPE_CHECKING:
    from ttapi_client.client import ResilientClient


class TastytradeClient(
    CustomerCalls,
    AccountCalls,
    BalanceCalls,
    TransactionCalls,
    OrderCalls,
    ComplexOrderCalls,
    MarginCalls,
    InstrumentCalls,
    OptionChainCalls,
    FutureCalls,
    CryptoCalls,
    SearchCalls,
    MarketDataCalls,
    MetricsCalls,
    CalendarCalls,
    WatchlistCalls,
    AlertCalls,
):
    """
    The calls of the tastytrade API.

    Parameters
    ----------
    client
        Sends the requests, with limits, retries and credentials; it is not closed here.
    lost_answers
        What is done about an order whose answer was lost; None for the default.
    """

    def __init__(self, client: ResilientClient, *, lost_answers: LostAnswerPolicy | None = None) -> None:
        self._api = Api(client)
        self._placer = Placer(lost_answers or LostAnswerPolicy(), client.clock)
        self._ticks = TickRules(self, client.clock)

    async def validate(self, *, trace: RequestTrace | None = None) -> None:
        """
        Ask whether the credentials are accepted.

        Raises
        ------
        AuthenticationError
            If they are not.
        TTError
            If the call failed.
        """
        await self._api.touch("POST", "/sessions/validate", trace=trace)
