# SPDX-License-Identifier: Apache-2.0
"""Yahoo's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, DecodeError, NotFoundError, RequestRefusedError
from ttapi_providers import Asked, Wanted, recognise
from ttapi_providers.vendors.yahoo import PROVIDER
from ttapi_providers.vendors.yahoo_calendars import next_lines
from ttapi_providers.vendors.yahoo_quotes import next_expiry

Answered = Callable[..., Any]

HOST = "https://query2.finance.yahoo.com"
MINUTE, HOUR, DAY = 60, 3600, 86_400
OPEN = 1_767_364_200  # 2026-01-02 09:30 in New York


def chart(
    *times: int,
    close: list[float | None],
    kind: str = "EQUITY",
    currency: str = "USD",
    granularity: str = "1d",
    zone: str = "America/New_York",
    **more: Any,
) -> dict[str, Any]:
    """Make a chart in which every price of a bar is its close, give or take nothing."""
    quote = dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": [700] * len(close)}
    meta = {
        "currency": currency,
        "instrumentType": kind,
        "exchangeTimezoneName": zone,
        "dataGranularity": granularity,
        "regularMarketTime": times[-1] if times else OPEN,
        "currentTradingPeriod": {"regular": {"start": OPEN, "end": OPEN + 6 * HOUR + 30 * MINUTE}},
    }
    result = {"meta": meta, "timestamp": list(times), "indicators": {"quote": [quote]}} | more
    return {"chart": {"result": [result], "error": None}}


def test_daily_bars_have_the_day_of_their_exchange_and_the_one_under_way_is_not_final(
    answered: Answered,
) -> None:
    body = chart(OPEN - DAY, OPEN, close=[10.0, 11.0])
    body["chart"]["result"][0]["indicators"]["adjclose"] = [{"adjclose": [9.5, 10.5]}]
    first, second = answered(PROVIDER, f"{HOST}/v8/finance/chart/BRK-B?interval=1d", body).rows("eod_data")
    assert (first["symbol"], first["vendor_symbol"]) == ("BRK/B", "BRK-B")
    assert (first["date"], second["date"]) == (date(2026, 1, 1), date(2026, 1, 2))
    assert (first["close"], first["adjusted_close"], first["adjustment"]) == (10.0, 9.5, "splits")
    assert (first["final"], second["final"]) == (True, False)


def test_a_day_without_a_price_is_skipped_with_a_reason(answered: Answered) -> None:
    body = chart(OPEN - DAY, OPEN, close=[None, 11.0])
    replayed = answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL", body)["eod_data"]
    assert (replayed.rows, replayed.decoded.skipped) == (1, ("record 0: no price in that time",))


def test_pence_become_pounds(answered: Answered) -> None:
    body = chart(OPEN, close=[1250.0], currency="GBp", zone="Europe/London")
    (row,) = answered(PROVIDER, f"{HOST}/v8/finance/chart/VOD.L", body).rows("eod_data")
    assert (row["close"], row["currency"], row["symbol"]) == (12.5, "GBP", "VOD.L")


def test_minutes_leave_out_the_last_price_behind_the_bars(answered: Answered) -> None:
    times = (OPEN, OPEN + MINUTE, OPEN + 97)
    body = chart(*times, close=[10.0, 11.0, 11.5], granularity="1m")
    answers = answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL?interval=1m", body)
    first, second = answers.rows("intraday_bars")
    assert (first["interval"], second["opened_at"]) == ("1m", datetime.fromtimestamp(OPEN + MINUTE, UTC))
    assert answers["intraday_bars"].decoded.skipped_count == 1


def test_coins_have_their_volume_in_the_quote_currency(answered: Answered) -> None:
    body = chart(1_767_225_600, 1_767_312_000 + 5, close=[90.0, 91.0], kind="CRYPTOCURRENCY", zone="UTC")
    answers = answered(PROVIDER, f"{HOST}/v8/finance/chart/BTC-USD", body)
    _, row = answers.rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["volume"], row["quote_volume"]) == (
        "BTC/USD",
        "1d",
        None,
        700.0,
    )
    assert row["opened_at"] == datetime(2026, 1, 2, tzinfo=UTC)
    assert set(answers) == {"crypto_bars"}


def test_a_currency_pair_has_the_close_of_a_day_as_its_rate(answered: Answered) -> None:
    body = chart(1_767_312_000, close=[1.1], kind="CURRENCY", zone="Europe/London")
    (row,) = answered(PROVIDER, f"{HOST}/v8/finance/chart/EURUSD=X", body).rows("fx_rates")
    assert (row["symbol"], row["date"], row["rate"]) == ("EUR/USD", date(2026, 1, 2), 1.1)
    assert PROVIDER.naming.canonical("JPY=X") == "USD/JPY"
    assert PROVIDER.naming.to_vendor("EUR/USD") == "EURUSD=X"


def test_events_are_dividends_adjusted_for_splits_and_splits(answered: Answered) -> None:
    events = {
        "dividends": {"1": {"amount": 0.25, "date": OPEN}},
        "splits": {"2": {"date": OPEN + DAY, "numerator": 4, "denominator": 1}},
    }
    body = chart(OPEN, close=[10.0], events=events)
    dividend, split = answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL", body).rows("corporate_actions")
    assert (dividend["amount"], dividend["adjusted_amount"], dividend["ex_date"]) == (
        None,
        0.25,
        date(2026, 1, 2),
    )
    assert (split["split_from"], split["split_to"]) == (1.0, 4.0)


def test_an_unequal_chart_is_refused(answered: Answered) -> None:
    body = chart(OPEN, close=[10.0, 11.0])
    with pytest.raises(DecodeError, match="2 values"):
        answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL", body).frame("eod_data")


QUOTE = {
    "symbol": "AAPL",
    "quoteType": "EQUITY",
    "currency": "USD",
    "regularMarketPrice": 11.0,
    "regularMarketOpen": 0,
    "regularMarketTime": OPEN,
    "bid": 10.9,
    "ask": 11.1,
    "bidSize": 3,
    "regularMarketVolume": 500,
    "longName": "Apple",
}


def test_a_quote_leaves_out_zeros_and_sizes_of_unknown_lots(answered: Answered) -> None:
    body = {"quoteResponse": {"result": [QUOTE], "error": None}}
    answers = answered(PROVIDER, f"{HOST}/v7/finance/quote?symbols=AAPL,NONE", body)
    (row,) = answers.rows("quotes")
    assert (row["last"], row["open"], row["bid"], row["bid_size"]) == (11.0, None, 10.9, None)
    assert answers.rows("symbols")[0]["description"] == "Apple"


def test_crossed_sides_are_both_left_out(answered: Answered) -> None:
    body = {"quoteResponse": {"result": [QUOTE | {"bid": 12.0}], "error": None}}
    (row,) = answered(PROVIDER, f"{HOST}/v7/finance/quote?symbols=AAPL", body).rows("quotes")
    assert (row["bid"], row["ask"], row["last"]) == (None, None, 11.0)


def test_no_quote_at_all_is_an_unknown_symbol(answered: Answered) -> None:
    body = {"quoteResponse": {"result": [], "error": None}}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{HOST}/v7/finance/quote?symbols=NONE", body).frame("quotes")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Unauthorized", AuthenticationError),
        ("Not Found", NotFoundError),
        ("Bad Request", RequestRefusedError),
    ],
)
def test_an_error_inside_an_answer_is_typed(answered: Answered, code: str, kind: type[Exception]) -> None:
    body = {"chart": {"result": None, "error": {"code": code, "description": "no"}}}
    with pytest.raises(kind):
        answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL", body).frame("eod_data")


def test_an_option_without_an_ask_has_no_volatility(answered: Answered) -> None:
    def contract(name: str, ask: float) -> dict[str, Any]:
        return {
            "contractSymbol": name,
            "strike": 100.0,
            "bid": 0,
            "ask": ask,
            "expiration": 1_771_545_600,
            "impliedVolatility": 0.3,
            "contractSize": "REGULAR",
            "currency": "USD",
        }

    expiry = {"calls": [contract("AAPL260220C00100000", 1.5)], "puts": [contract("AAPL260220P00100000", 0)]}
    chain = {"underlyingSymbol": "AAPL", "quote": {"regularMarketPrice": 101.0}, "options": [expiry]}
    body = {"optionChain": {"result": [chain], "error": None}}
    call, put = answered(PROVIDER, f"{HOST}/v7/finance/options/AAPL", body).rows("option_chains")
    assert (call["option_type"], call["implied_volatility"], call["underlying_price"]) == ("C", 0.3, 101.0)
    assert (put["implied_volatility"], put["expiration_date"]) == (None, date(2026, 2, 20))
    assert (call["contract"], call["multiplier"]) == ("AAPL  260220C00100000", 100.0)


def test_expirations_are_asked_one_after_the_other() -> None:
    body = {"optionChain": {"result": [{"expirationDates": [10, 20], "options": [{"expirationDate": 10}]}]}}
    asked = Asked.of("GET", f"{HOST}/v7/finance/options/AAPL")
    assert next_expiry(body, asked) == {"date": "20"}
    assert next_expiry(body, Asked.of("GET", f"{HOST}/v7/finance/options/AAPL?date=20")) is None


def test_a_futures_chain_has_canonical_contracts_under_the_product(answered: Answered) -> None:
    contract = {"symbol": "ESZ26.CME", "regularMarketPrice": 7000.5, "expireDate": 1_797_552_000}
    body = {"quoteSummary": {"result": [{"futuresChain": {"futuresChainDetails": {"ESZ26.CME": contract}}}]}}
    (row,) = answered(PROVIDER, f"{HOST}/v10/finance/quoteSummary/ES=F", body).rows("futures_curves")
    assert (row["symbol"], row["contract"], row["last"]) == ("ES=F", "/ESZ6", 7000.5)
    assert row["expiration_date"] == date(2026, 12, 18)


def test_a_series_of_statements_is_classed_by_the_number_of_its_items(answered: Answered) -> None:
    def series(name: str, number: int, value: float) -> dict[str, Any]:
        held = {
            "dataId": number,
            "asOfDate": "2025-09-30",
            "currencyCode": "USD",
            "reportedValue": {"raw": value},
        }
        return {"meta": {"type": [name]}, name: [None, held]}

    results = [
        series("annualDilutedEPS", 29009, 7.5),
        series("quarterlyTotalAssets", 23001, 1e9),
        {"meta": {"type": ["annualGoodwill"]}},
    ]
    url = f"{HOST}/ws/fundamentals-timeseries/v1/finance/timeseries/AAPL"
    assets, eps = answered(PROVIDER, url, {"timeseries": {"result": results}}).rows("fundamentals")
    assert (assets["statement"], assets["period_type"], assets["unit"]) == ("balance", "quarter", "USD")
    assert (eps["statement"], eps["item"], eps["unit"]) == ("income", "DilutedEPS", "USD/shares")


def calendar(kind: str, columns: str, *lines: list[Any], total: int = 2) -> dict[str, Any]:
    names = [{"id": name} for name in columns.split()]
    document = {"entityIdType": kind, "columns": names, "rows": list(lines)}
    return {"finance": {"result": [{"total": total, "documents": [document]}], "error": None}}


def test_posted_calendars_are_told_apart_by_what_they_hold(answered: Answered) -> None:
    url = f"{HOST}/v1/finance/visualization"
    columns = "ticker companyshortname eventname startdatetime startdatetimetype epsestimate epsactual epssurprisepct"
    line = ["MU", "Micron", "Q3 2026 Earnings", "2026-06-24T20:00:00.000Z", "AMC", 19.5, None, 0.0]
    (row,) = answered(PROVIDER, url, calendar("SP_EARNINGS", columns, line), method="POST").rows(
        "earnings_calendar"
    )
    assert (row["report_date"], row["session"], row["fiscal_quarter"]) == (
        date(2026, 6, 24),
        "after_close",
        3,
    )
    assert (row["eps_estimate"], row["eps_surprise_percent"]) == (19.5, None)
    lines = (["A.T", "2026-06-19T04:00:00.000Z", 2, 3], ["B.T", "2026-06-19T04:00:00.000Z", 1, 0])
    answers = answered(
        PROVIDER,
        url,
        calendar("SPLITS", "ticker startdatetime old_share_worth share_worth", *lines),
        method="POST",
    )
    (split,) = answers.rows("corporate_actions")
    assert (split["split_from"], split["split_to"], split["ex_date"]) == (2.0, 3.0, date(2026, 6, 19))
    assert answers["corporate_actions"].decoded.skipped_count == 1


def test_a_calendar_is_paged_in_what_is_posted() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "earnings_calendar" and e.batch == 0)
    asked = endpoint.request.ask(Wanted(since=date(2026, 6, 1), until=date(2026, 6, 5)), HOST)
    assert recognise(endpoint, asked) is not None
    following = next_lines(calendar("SP_EARNINGS", "ticker", ["MU"]), asked)
    assert following is not None
    assert following.posted("offset") == 1
    assert next_lines(calendar("SP_EARNINGS", "ticker", ["CCL"]), following) is None


def test_news_of_a_posted_symbol_are_of_that_symbol(answered: Answered) -> None:
    content = {"title": "News", "pubDate": "2026-01-02T10:00:00Z", "provider": {"displayName": "Wire"}}
    body = {"data": {"tickerStream": {"stream": [{"id": "n1", "content": content}]}}}
    url = "https://finance.yahoo.com/xhr/ncp?queryRef=latestNews"
    posted = {"serviceConfig": {"s": ["BRK-B"]}}
    (row,) = answered(PROVIDER, url, body, method="POST", posted=posted).rows("news")
    assert (row["symbol"], row["news_id"], row["source"]) == ("BRK/B", "n1", "Wire")
    (row,) = answered(PROVIDER, url, body, method="POST").rows("news")
    assert row["symbol"] == "MARKET"


def test_the_retired_table_is_read_and_never_asked(answered: Answered) -> None:
    table = "Date,Open,High,Low,Close,Adj Close,Volume\n2026-01-02,1,3,1,2,1.9,50\n2026-01-03,null,null,null,null,null,null"
    answers = answered(PROVIDER, f"{HOST}/v7/finance/download/AAPL?interval=1d&events=history", table)
    (row,) = answers.rows("eod_data")
    assert (row["close"], row["adjusted_close"], row["volume"]) == (2.0, 1.9, 50.0)
    assert all(e.retired for e in PROVIDER.claims(Asked.of("GET", f"{HOST}/v7/finance/download/AAPL")))


def test_zeros_of_an_income_statement_are_items_that_are_told_no_more(answered: Answered) -> None:
    year = {"maxAge": 1, "endDate": OPEN, "totalRevenue": 700, "grossProfit": 0}
    held = {"incomeStatementHistory": {"incomeStatementHistory": [year]}}
    body = {"quoteSummary": {"result": [held], "error": None}}
    url = f"{HOST}/v10/finance/quoteSummary/AAPL?modules=incomeStatementHistory"
    (row,) = answered(PROVIDER, url, body).rows("fundamentals")
    assert (row["item"], row["value"]) == ("totalRevenue", 700.0)


def test_a_bar_whose_open_lies_outside_is_skipped(answered: Answered) -> None:
    body = chart(OPEN - DAY, OPEN, close=[10.0, 11.0])
    body["chart"]["result"][0]["indicators"]["quote"][0] |= {"open": [0.0, 11.0]}
    replayed = answered(PROVIDER, f"{HOST}/v8/finance/chart/AAPL", body)["eod_data"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)
