# SPDX-License-Identifier: Apache-2.0
"""What happened to the account: transactions, fees, snapshots of its balance, its value over time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, encode, invalid, items_answer, not_found, object_answer, timestamp
from ttapi_sandbox.balances import balance_amounts
from ttapi_sandbox.desk import CURRENCY
from ttapi_sandbox.futures import paged
from ttapi_sandbox.nightly import BEGIN_OF_DAY, END_OF_DAY, Snapshot
from ttapi_sandbox.orders import VENUE_NAME, effect, money, signed
from ttapi_sandbox.routing import Route
from ttapi_sandbox.standing import standing_of
from ttapi_sandbox.trading import descending, span
from ttapi_sandbox.venue import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.desk import Desk
    from ttapi_sandbox.desks import Desks
    from ttapi_sandbox.ledger import Position, Transaction
    from ttapi_sandbox.requests import Request

PAGE_SIZE: Final = 250
PAGE_SIZE_MAX: Final = 2000
INTRADAY: Final = "Intraday"
TIME_BACK: Final = {"1d": 1, "1m": 31, "3m": 92, "6m": 183, "1y": 366, "all": 3660}
"""Days that the words for a span of time stand for."""

_DAY: Final = timedelta(days=1)
_FIVE_MINUTES: Final = timedelta(minutes=5)
_HISTORY_ROWS_MAX: Final = 400


class Transactions:
    """Answers about the past of accounts."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        account = "/accounts/{account}"
        return [
            Route("GET", f"{account}/transactions", self.search),
            Route("GET", f"{account}/transactions/total-fees", self.total_fees),
            Route("GET", f"{account}/transactions/{{id}}", self.one),
            Route("GET", f"{account}/balance-snapshots", self.snapshots),
            Route("GET", f"{account}/net-liq/history", self.net_liq),
        ]

    def search(self, request: Request) -> Answer:
        """Answer with the transactions, filtered as asked, a page at a time."""
        desk = self._desks.of(request)
        keep = _filter(request)
        found = [one for one in desk.ledger.transactions if keep(one)]
        if descending(request):
            found.reverse()
        items = [encode(transaction_item(one, desk.account.number)) for one in found]
        return paged(request, items, default=PAGE_SIZE, most=PAGE_SIZE_MAX)

    def one(self, request: Request) -> Answer:
        """Answer with one transaction."""
        desk = self._desks.of(request)
        text = request.parameters["id"]
        for transaction in desk.ledger.transactions:
            if str(transaction.id) == text:
                return object_answer(request.path, transaction_item(transaction, desk.account.number))
        raise not_found(f"transaction {text[:40]}")

    def total_fees(self, request: Request) -> Answer:
        """Answer with the fees of a day."""
        desk = self._desks.of(request)
        fees = desk.ledger.fees_on(request.day("date", desk.today()))
        data = {"total-fees": money(fees), "total-fees-effect": effect(-fees)}
        return object_answer(request.path, data)

    def snapshots(self, request: Request) -> Answer:
        """Answer with balances at openings or closes; without a span the last one and the one of now."""
        desk = self._desks.of(request)
        currency = (request.text("currency") or CURRENCY).upper()
        time_of_day = request.text("time-of-day") or END_OF_DAY
        if time_of_day not in {BEGIN_OF_DAY, END_OF_DAY, INTRADAY}:
            raise invalid("time-of-day", "does not have a valid value")
        desk.catch_up()
        rows = [one for one in _past(desk) if one.time_of_day == time_of_day]
        ranged = any(request.text(name) for name in ("snapshot-date", "start-date", "end-date"))
        chosen = [one for one in rows if _on(request, one.day)] if ranged else rows[-1:]
        items = [_snapshot_item(one, desk.account.number) for one in reversed(chosen)]
        if not ranged:
            items.append(desk.balance_item() | {"time-of-day": time_of_day})
        encoded = [encode(one) for one in items] if currency == CURRENCY else []
        return paged(request, encoded, default=PAGE_SIZE, most=PAGE_SIZE_MAX)

    def net_liq(self, request: Request) -> Answer:
        """Answer with the value of the account over a span of time: by day, or one day by five minutes."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        back = request.text("time-back")
        if back is not None and back not in TIME_BACK:
            raise invalid("time-back", "does not have a valid value")
        if back == "1d" or (back is None and request.text("start-time") is None):
            instants = _of_the_day(desk, now)
        else:
            inside = _times(request, now, back)
            instants = _closes(desk, inside, now)
        rows = [_row(desk, instant) for instant in instants[-_HISTORY_ROWS_MAX:]]
        previous: dict[str, str] | None = None
        items = []
        for row in rows:
            items.append(encode(_history_item(row, previous or row)))
            previous = row
        return items_answer(request.path, items)


def _past(desk: Desk) -> list[Snapshot]:
    # Before the books were opened the account held what it held then.
    books, market = desk.engine.books, desk.market
    opened = books.ledger.opened_at
    session = market.days.sessions[max(0, market.days.opened_by(opened) - 1)]
    first = []
    for word, at in ((BEGIN_OF_DAY, session.open_at), (END_OF_DAY, session.close_at)):
        standing = standing_of(books.ledger, desk.venue, at)
        first.append(Snapshot(session.date, word, at, balance_amounts(standing)))
    return [*first, *books.snapshots]


def _of_the_day(desk: Desk, now: datetime) -> list[datetime]:
    market = desk.market
    session = market.session(market.moment())
    count = int((min(now, session.close_at) - session.open_at) / _FIVE_MINUTES)
    return [session.open_at + step * _FIVE_MINUTES for step in range(count + 1)]


def _closes(desk: Desk, inside: Callable[[datetime], bool], now: datetime) -> list[datetime]:
    sessions = desk.market.days.sessions
    last = desk.market.moment().number
    closes = [one.close_at for one in sessions[: last + 1] if one.close_at <= now]
    return [one for one in closes if inside(one)]


def _row(desk: Desk, instant: datetime) -> dict[str, str]:
    # 1. A snapshot where there is one. 2. Before the books were opened, what is held now: shares at the
    # closes of then, the rest at its cost. 3. What is held now, at the prices of then.
    books = desk.engine.books
    for snapshot in books.snapshots:
        if snapshot.at == instant:
            return {"time": _time(instant), "net": snapshot.amounts["net-liquidating-value"]}
    if instant < books.ledger.opened_at - _DAY:
        net = books.ledger.cash + sum(
            _past_value(desk, one, instant) for one in books.ledger.positions.values()
        )
    else:
        net = standing_of(books.ledger, desk.venue, instant).net
    return {"time": _time(instant), "net": signed(net.quantize(Decimal("0.0001")))}


def _past_value(desk: Desk, position: Position, instant: datetime) -> Decimal:
    market, instrument = desk.market, position.instrument
    listing = market.by_symbol.get(instrument.symbol)
    if instrument.paid_at_close:
        return Decimal(0)
    if listing is None:
        return position.cost
    number = max(0, market.days.opened_by(instant))
    return exact(market.series(listing).close(number, market.moment().number)) * position.quantity


def _time(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}+00"


def _times(request: Request, now: datetime, back: str | None) -> Callable[[datetime], bool]:
    first = now - timedelta(days=TIME_BACK[back]) if back else _instant(request, "start-time")
    last = _instant(request, "end-time") if request.text("end-time") else now
    return lambda instant: first <= instant <= last


def _instant(request: Request, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(request.required(name).replace(" ", "+"))
    except ValueError:
        raise invalid(name, "is not a time") from None
    if found.tzinfo is None:
        raise invalid(name, "has no time zone")
    return found


def _history_item(row: dict[str, str], previous: dict[str, str]) -> dict[str, str]:
    first, last = Decimal(previous["net"]), Decimal(row["net"])
    prices = {
        "open": signed(first),
        "high": signed(max(first, last)),
        "low": signed(min(first, last)),
        "close": signed(last),
    }
    item = dict(prices)
    item |= {f"pending-cash-{name}": "0.0" for name in prices}
    item |= {f"total-{name}": price for name, price in prices.items()}
    return item | {"time": row["time"]}


def _on(request: Request, day: date) -> bool:
    exact = request.day("snapshot-date") if request.text("snapshot-date") else None
    first = request.day("start-date") if request.text("start-date") else None
    last = request.day("end-date") if request.text("end-date") else None
    return exact in {None, day} and (first is None or day >= first) and (last is None or day <= last)


def _snapshot_item(snapshot: Snapshot, account_number: str) -> dict[str, Any]:
    return {
        "account-number": account_number,
        "currency": CURRENCY,
        **snapshot.amounts,
        "pending-cash-effect": "None",
        "snapshot-date": snapshot.day,
        "time-of-day": snapshot.time_of_day,
        "updated-at": timestamp(snapshot.at),
    }


def _filter(request: Request) -> Callable[[Transaction], bool]:
    inside = span(request)
    types = {*request.items("types"), *request.items("type")}
    sub_types = set(request.items("sub-type"))
    symbol, kind = request.text("symbol"), request.text("instrument-type")
    underlying = request.text("underlying-symbol") or request.text("futures-symbol")
    action, currency = request.text("action"), request.text("currency")

    def keep(one: Transaction) -> bool:
        instrument = one.instrument
        named: list[tuple[str | None, str | None]] = [(action, one.action)]
        named += [
            (symbol, instrument.symbol if instrument else None),
            (kind, instrument.kind if instrument else None),
            (underlying, instrument.underlying if instrument else None),
        ]
        return (
            (not types or one.type in types)
            and (not sub_types or one.sub_type in sub_types)
            and all(wanted in {None, found} for wanted, found in named)
            and (currency or CURRENCY).upper() == CURRENCY
            and inside(one.executed_at)
        )

    return keep


def transaction_item(one: Transaction, account_number: str) -> dict[str, Any]:
    """Return a transaction as the wire has it; money that moves has no action, quantity or price."""
    item: dict[str, Any] = {
        "id": one.id,
        "account-number": account_number,
        "transaction-type": one.type,
        "transaction-sub-type": one.sub_type,
        "description": one.description,
        "executed-at": timestamp(one.executed_at),
        "transaction-date": one.day,
        "value": money(one.value),
        "value-effect": effect(one.value),
        "net-value": money(one.net),
        "net-value-effect": effect(one.net),
        "is-estimated-fee": True,
        "currency": CURRENCY,
    }
    if one.instrument is not None:
        item |= {
            "symbol": one.instrument.symbol,
            "underlying-symbol": one.instrument.underlying,
            "instrument-type": one.instrument.kind,
        }
    if one.action is not None and one.price is not None and one.quantity is not None:
        item |= {"action": one.action, "quantity": signed(one.quantity), "price": signed(one.price)}
        item |= _fees(one)
    if one.order_id is not None:
        item |= {
            "order-id": one.order_id,
            "exec-id": one.fill_id,
            "destination-venue": VENUE_NAME,
            "leg-count": 1,
        }
    return item


def _fees(one: Transaction) -> dict[str, str]:
    amounts = {
        "regulatory-fees": one.fees.regulatory,
        "clearing-fees": one.fees.clearing,
        "commission": one.fees.commission,
        "proprietary-index-option-fees": one.fees.proprietary,
    }
    item: dict[str, str] = {}
    for name, amount in amounts.items():
        item |= {name: money(amount), f"{name}-effect": effect(-amount)}
    return item
