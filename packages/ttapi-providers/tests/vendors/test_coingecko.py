# SPDX-License-Identifier: Apache-2.0
"""CoinGecko's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import (
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RequestRefusedError,
    TTError,
)
from ttapi_providers import Wanted
from ttapi_providers.vendors.coingecko import PROVIDER

Answered = Callable[..., Any]

API = "https://api.coingecko.com/api/v3"
DAY_MS = 86_400_000
T = 20_000 * DAY_MS


def test_well_known_coins_have_canonical_pairs_and_others_their_id() -> None:
    assert PROVIDER.naming.canonical("bitcoin/usd") == "BTC/USD"
    assert PROVIDER.naming.canonical("zksync/usd") == "zksync/usd"
    assert [PROVIDER.naming.to_vendor(key) for key in ("BTC/USD", "zksync/usd")] == [
        "bitcoin/usd",
        "zksync/usd",
    ]


def test_simple_prices_are_one_quote_a_currency(answered: Answered) -> None:
    body = {
        "bitcoin": {
            "usd": 100.5,
            "usd_market_cap": 9e9,
            "usd_24h_vol": 5e6,
            "usd_24h_change": -1.5,
            "eth": 30,
            "last_updated_at": 1_790_000_000,
        },
        "zksync": {},
    }
    url = f"{API}/simple/price?ids=bitcoin, zksync&vs_currencies=usd,eth&include_last_updated_at=true"
    answers = answered(PROVIDER, url, body)
    rows = answers.rows("quotes")
    assert sorted((r["symbol"], r["last"], r["currency"], r["volume"]) for r in rows) == [
        ("BTC/ETH", 30.0, "ETH", None),
        ("BTC/USD", 100.5, "USD", None),
    ]
    assert rows[0]["quoted_at"] == datetime.fromtimestamp(1_790_000_000, UTC)
    assert answers["quotes"].decoded.skipped_count == 1


def test_a_table_of_coins_is_in_the_currency_that_was_asked_for(answered: Answered) -> None:
    coin = {
        "id": "zksync",
        "symbol": "zk",
        "current_price": 0.5,
        "high_24h": 0.6,
        "low_24h": 0.4,
        "total_volume": 1e6,
        "last_updated": "2026-01-02T03:04:05.678Z",
    }
    answers = answered(
        PROVIDER, f"{API}/coins/markets?vs_currency=eur", [coin, {"id": "old", "current_price": None}]
    )
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["high"], row["currency"], row["volume"]) == (
        "zksync/eur",
        0.5,
        0.6,
        "EUR",
        None,
    )
    assert answers["quotes"].decoded.skipped_count == 1


def test_a_daily_chart_has_a_price_a_day_and_leaves_out_that_of_now(answered: Answered) -> None:
    body = {
        "prices": [[T, 10.5], [T + DAY_MS, 11.5], [T + DAY_MS + 5_000_123, 12]],
        "market_caps": [],
        "total_volumes": [],
    }
    answers = answered(
        PROVIDER, f"{API}/coins/bitcoin/market_chart?vs_currency=usd&days=2&interval=daily", body
    )
    rows = answers.rows("crypto_bars")
    assert [(r["symbol"], r["interval"], r["close"], r["open"]) for r in rows] == [
        ("BTC/USD", "1d", 10.5, None),
        ("BTC/USD", "1d", 11.5, None),
    ]
    assert answers["crypto_bars"].decoded.skipped_count == 1


def test_the_distance_of_prices_is_read_from_them_where_it_was_not_asked_for(answered: Answered) -> None:
    body = {"prices": [[T, 1], [T + 3_601_000, 2], [T + 7_190_000, 3]]}
    rows = answered(
        PROVIDER, f"{API}/coins/bitcoin/market_chart/range?vs_currency=usd&from=1&to=2", body
    ).rows("crypto_bars")
    assert {row["interval"] for row in rows} == {"1h"}


def test_candles_are_stamped_with_their_end_and_kept_with_their_start(answered: Answered) -> None:
    hours = 4 * 3_600_000
    body = [[T, 10, 12, 9, 11], [T + hours, 11, 12, 10, 12], [T + 2 * hours, 12, 13, 12, 13]]
    rows = answered(PROVIDER, f"{API}/coins/bitcoin/ohlc?vs_currency=usd&days=7", body).rows("crypto_bars")
    assert {row["interval"] for row in rows} == {"4h"}
    assert [row["opened_at"] for row in rows] == [
        datetime.fromtimestamp((T + n * hours) / 1000, UTC) for n in (-1, 0, 1)
    ]
    assert (rows[0]["open"], rows[0]["high"], rows[0]["low"], rows[0]["close"], rows[0]["volume"]) == (
        10.0,
        12.0,
        9.0,
        11.0,
        None,
    )


def test_a_coin_is_described_and_priced_in_many_currencies(answered: Answered) -> None:
    coin = {
        "id": "bitcoin",
        "symbol": "btc",
        "name": "Bitcoin",
        "country_origin": "",
        "description": {"en": "A coin."},
        "links": {"homepage": ["https://bitcoin.example", ""]},
        "last_updated": "2026-01-02T03:04:05Z",
        "market_data": {
            "current_price": {"usd": 100, "eth": 30},
            "high_24h": {"usd": 110},
            "low_24h": {"usd": 90},
            "market_cap": {"usd": 9e9},
        },
    }
    answers = answered(PROVIDER, f"{API}/coins/bitcoin?localization=false", coin)
    (profile,) = answers.rows("company_profiles")
    assert (profile["symbol"], profile["name"], profile["market_cap"], profile["website"]) == (
        "bitcoin",
        "Bitcoin",
        9e9,
        "https://bitcoin.example",
    )
    assert {row["symbol"]: row["high"] for row in answers.rows("quotes")} == {
        "BTC/USD": 110.0,
        "BTC/ETH": None,
    }
    coin.pop("market_data")
    pro = answered(PROVIDER, "https://pro-api.coingecko.com/api/v3/coins/zksync", {**coin, "id": "zksync"})
    assert set(pro) == {"company_profiles"}


def test_prices_of_a_past_day_are_those_of_its_beginning(answered: Answered) -> None:
    coin = {"id": "bitcoin", "market_data": {"current_price": {"usd": 100}}}
    (row,) = answered(PROVIDER, f"{API}/coins/bitcoin/history?date=30-12-2025", coin).rows("crypto_bars")
    assert (row["symbol"], row["opened_at"], row["close"]) == (
        "BTC/USD",
        datetime(2025, 12, 30, tzinfo=UTC),
        100.0,
    )


def test_lists_and_derivatives_are_read(answered: Answered) -> None:
    (listed,) = answered(
        PROVIDER, f"{API}/coins/list", [{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}]
    ).rows("symbols")
    assert (listed["symbol"], listed["description"]) == ("bitcoin", "Bitcoin")
    contract = {
        "market": "Some Exchange",
        "symbol": "BTCUSDT",
        "index_id": "BTC",
        "price": "100.5",
        "funding_rate": 0.01,
        "expired_at": None,
        "last_traded_at": 1_790_000_000,
        "volume_24h": 5e6,
        "open_interest": 6e6,
    }
    dead = {**contract, "symbol": "OLD", "price": None}
    answers = answered(PROVIDER, f"{API}/derivatives", [contract, dead])
    (row,) = answers.rows("futures_curves")
    assert (row["symbol"], row["contract"], row["last"], row["volume"]) == (
        "BTC",
        "Some Exchange: BTCUSDT",
        100.5,
        None,
    )
    rates = {"rates": {"btc": {"value": 1, "type": "crypto"}, "usd": {"value": 100.5, "type": "fiat"}}}
    (rate,) = answered(PROVIDER, f"{API}/exchange_rates", rates).rows("quotes")
    assert (rate["symbol"], rate["last"]) == ("BTC/USD", 100.5)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, {"error": "coin not found"}, NotFoundError),
        (422, {"error": "Missing parameter ids"}, RequestRefusedError),
        (
            429,
            {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}},
            RateLimitError,
        ),
        (
            200,
            {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}},
            RateLimitError,
        ),
        (
            401,
            {
                "status": {
                    "error_code": 10005,
                    "error_message": "This request is limited to PRO API subscribers.",
                }
            },
            NotEntitledError,
        ),
        (
            401,
            {
                "error": {
                    "status": {
                        "error_code": 10012,
                        "error_message": "Your request exceeds the allowed time range.",
                    }
                }
            },
            NotEntitledError,
        ),
    ],
)
def test_refusals_are_typed(answered: Answered, status: int, body: Any, error: type[TTError]) -> None:
    (replayed,) = answered(
        PROVIDER, f"{API}/coins/none/ohlc?vs_currency=usd&days=1", body, status=status
    ).values()
    assert isinstance(replayed.error, error)


def test_many_pairs_are_asked_for_at_once_and_a_coin_alone_is_refused() -> None:
    quotes = next(e for e in PROVIDER.endpoints if e.dataset == "quotes")
    query = quotes.request.ask(
        Wanted(names=("bitcoin/usd", "ethereum/usd", "bitcoin/eur")), PROVIDER.bases[0]
    ).query
    assert (query["ids"], query["vs_currencies"]) == ("bitcoin,ethereum", "usd,eur")
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    wanted = Wanted(names=("bitcoin/usd",), since=date(2026, 1, 1), today=date(2026, 1, 10))
    asked = bars.request.ask(wanted, PROVIDER.bases[0])
    assert (asked.path, asked.query) == (
        "/api/v3/coins/bitcoin/market_chart",
        {"vs_currency": "usd", "days": "10", "interval": "daily"},
    )
    assert [bars.takes(key) for key in ("BTC/USD", "bitcoin")] == [True, False]


def test_a_ticker_of_an_exchange_is_not_the_average_of_the_pair(answered: Answered) -> None:
    market = {"name": "Some Exchange", "identifier": "some"}
    ticker = {
        "base": "BTC",
        "target": "USDT",
        "market": market,
        "last": 10.5,
        "volume": 7,
        "is_anomaly": "false",
    }
    ticker["last_traded_at"] = "2026-01-02T10:00:00+00:00"
    odd = {**ticker, "target": "EUR", "is_anomaly": True}
    for path in ("exchanges/some/tickers", "exchanges/some", "coins/bitcoin/tickers"):
        answers = answered(PROVIDER, f"{API}/{path}", {"name": "x", "tickers": [ticker, odd]})
        (row,) = answers.rows("quotes")
        assert (row["symbol"], row["last"], row["volume"], row["currency"]) == (
            "some:BTC/USDT",
            10.5,
            7.0,
            "USDT",
        )
        assert answers["quotes"].decoded.skipped_count == 1


def test_bars_and_prices_from_chains(answered: Answered) -> None:
    bars = {"data": {"attributes": {"ohlcv_list": [[T // 1000, 1, 3, 0.5, 2, 900]]}}}
    url = f"{API}/onchain/networks/eth/pools/0xab/ohlcv/minute?aggregate=15"
    (row,) = answered(PROVIDER, url, bars).rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["close"], row["quote_volume"]) == (
        "eth:0xab",
        "15m",
        2.0,
        900.0,
    )
    (row,) = answered(PROVIDER, f"{url}&currency=token", bars).rows("crypto_bars")
    assert row["quote_volume"] is None
    prices = {"data": {"attributes": {"token_prices": {"0xab": "2.5", "0xcd": None}}}}
    url = f"{API}/onchain/simple/networks/eth/token_price/0xab,0xcd"
    answers = answered(PROVIDER, url, prices)
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["currency"]) == ("0xab/usd", 2.5, "USD")


def test_articles_and_updates_are_news(answered: Answered) -> None:
    article = {"title": "A title", "url": "https://x.test/a", "posted_at": "2026-01-02T10:00:00Z"}
    (row,) = answered(PROVIDER, f"{API}/news", [{**article, "related_coin_ids": ["bitcoin"]}]).rows("news")
    assert (row["symbol"], row["news_id"], row["title"]) == ("bitcoin", "https://x.test/a", "A title")
    older = {"id": 5, "title": "A title", "updated_at": T // 1000, "news_site": "Site"}
    (row,) = answered(PROVIDER, f"{API}/news", {"data": [older]}).rows("news")
    assert (row["symbol"], row["news_id"], row["source"]) == ("MARKET", "5", "Site")
    update = {
        "description": "We are listed.\r\nMore",
        "created_at": "2021-05-18T13:30:12.345Z",
        "project": {"id": "abc"},
    }
    (row,) = answered(PROVIDER, f"{API}/status_updates", {"status_updates": [update]}).rows("news")
    assert (row["symbol"], row["title"], row["summary"]) == ("abc", "We are listed.", "We are listed. More")


def test_a_day_before_a_coin_was_known_is_empty(answered: Answered) -> None:
    body = {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin"}
    answers = answered(PROVIDER, f"{API}/coins/bitcoin/history?date=01-01-2009", body)
    assert answers.rows("crypto_bars") == []
    assert answers["crypto_bars"].decoded.skipped_count == 1


def test_a_refusal_within_an_error_is_found(answered: Answered) -> None:
    body = {"error": {"status": {"error_code": 10012, "error_message": "too far back"}}}
    with pytest.raises(NotEntitledError):
        answered(PROVIDER, f"{API}/coins/bitcoin/market_chart?vs_currency=usd&days=999", body).frame(
            "crypto_bars"
        )


def test_coins_that_many_seek_have_prices_in_bitcoins_and_dollars(answered: Answered) -> None:
    coins = [
        {"item": {"id": "bitcoin", "price_btc": 1.0, "data": {"price": 60_000}}},
        {"item": {"id": "some-coin", "price_btc": 0.5, "data": {"price": "$0.0<sub>5</sub>1"}}},
        {"item": {"id": "old-coin", "price_btc": 0.25}},
    ]
    url = "https://api.coingecko.com/api/v3/search/trending"
    rows = answered(PROVIDER, url, {"coins": coins}).rows("quotes")
    assert [(r["vendor_symbol"], r["last"], r["currency"]) for r in rows] == [
        ("bitcoin/usd", 60_000.0, "USD"),
        ("some-coin/btc", 0.5, "BTC"),
        ("old-coin/btc", 0.25, "BTC"),
    ]


def test_coins_that_moved_most_have_prices(answered: Answered) -> None:
    answer = {"top_gainers": [{"id": "a-coin", "eur": 2.0}], "top_losers": [{"id": "b-coin", "eur": None}]}
    url = "https://pro-api.coingecko.com/api/v3/coins/top_gainers_losers?vs_currency=eur"
    (row,) = answered(PROVIDER, url, answer).rows("quotes")
    assert (row["vendor_symbol"], row["last"], row["currency"]) == ("a-coin/eur", 2.0, "EUR")


@pytest.mark.parametrize(("kind", "price", "size"), [("buy", 20.0, 4.0), ("sell", 10.0, 3.0)])
def test_a_trade_of_a_pool_is_of_its_first_token(
    answered: Answered, kind: str, price: float, size: float
) -> None:
    of = {
        "kind": kind,
        "block_timestamp": "2026-01-02T03:04:05Z",
        "from_token_amount": "3",
        "to_token_amount": "4",
        "price_from_in_usd": "10",
        "price_to_in_usd": "20",
    }
    url = "https://pro-api.coingecko.com/api/v3/onchain/networks/eth/pools/0x1/trades"
    (row,) = answered(PROVIDER, url, {"data": [{"id": "t1", "attributes": of}]}).rows("trades")
    assert (row["symbol"], row["side"], row["price"], row["size"]) == ("eth:0x1", kind, price, size)
