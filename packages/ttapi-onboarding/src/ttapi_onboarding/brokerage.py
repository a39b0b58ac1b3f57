# SPDX-License-Identifier: Apache-2.0
"""
A broker for the length of one command, and which of its accounts is meant.

The number of an account for real money is shown by its ending alone, wherever a person looks: screens are
shared and errors are sent to others. The ending is enough to name the account. `--json` has the whole number,
for programs have to pass it on.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ttapi_core.errors import ParameterError, TTError
from ttapi_onboarding.progress import spinner
from ttapi_onboarding.screens import warn_if_simulated

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from ttapi_core import Account, Broker
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

T = TypeVar("T")
ENDING_MIN: Final = 4
"""Characters of an account's number that are shown at least."""


@dataclass(slots=True)
class BrokerSession:
    """
    An open broker, and the loop that it lives in.

    Each question runs the loop until it is answered. In between the loop rests, so that a person can be asked
    something and Ctrl-C ends that at once.
    """

    broker: Broker
    simulated: bool
    _runner: asyncio.Runner
    _shown: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """
        Wait for an answer of the broker.

        Raises
        ------
        TTError
            What the question raises; its message shows no more of an account's number than anything else.
        """
        try:
            return self._runner.run(question)
        except TTError as exc:
            exc.message = self.masked(exc.message)
            raise

    def masked(self, text: str) -> str:
        """Return a text without more of an account's number than people see."""
        for number, shown in self._shown.items():
            text = text.replace(number, shown)
        return text

    def accounts(self) -> list[Account]:
        """Return the accounts of the customer."""
        accounts = list(self.ask(self.broker.accounts()))
        self._shown = {account.number: self.shown_number(account, accounts) for account in accounts}
        return accounts

    def shown_number(self, account: Account, accounts: Sequence[Account]) -> str:
        """Return the number of an account as people see it."""
        return shown_number(account, accounts, is_real_money=self.broker.is_real_money)

    def chosen(self, wanted: str | None) -> tuple[Account, str]:
        """Return the account that is meant, and its number as people see it; see `chosen_account`."""
        accounts = self.accounts()
        account = chosen_account(accounts, wanted, is_real_money=self.broker.is_real_money)
        return account, self.shown_number(account, accounts)

    @property
    def label(self) -> str:
        """The broker's name for titles; it says if all is made up."""
        return f"SIMULATED {self.broker.name}" if self.simulated else self.broker.name


@contextmanager
def broker_session(invocation: Invocation, settings: Settings, *, trades: bool) -> Iterator[BrokerSession]:
    """
    Open the broker of the settings for one command.

    Parameters
    ----------
    invocation, settings
        The run, and what is set.
    trades
        Whether the account is looked at or traded in; else only markets are.

    Raises
    ------
    ParameterError
        If the provider is no broker.
    TTError
        If it cannot be opened.
    """
    spec = invocation.broker_spec(settings)
    warn_if_simulated(spec.name, simulated=spec.simulated)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = invocation.open_broker(settings, trades=trades)
        try:
            with spinner(f"opening {spec.name}"):
                broker = runner.run(stack.enter_async_context(opened))
            yield BrokerSession(broker, spec.simulated, runner)
        finally:
            runner.run(stack.aclose())


def shown_number(account: Account, accounts: Sequence[Account], *, is_real_money: bool) -> str:
    """Return the number of an account for people: of real money only as much as tells it from the others."""
    number = account.number
    if not is_real_money:
        return number
    others = [one.number for one in accounts if one.number != number]
    length = ENDING_MIN
    while length < len(number) and any(other.endswith(number[-length:]) for other in others):
        length += 1
    return number if length >= len(number) else f"***{number[-length:]}"


def chosen_account(accounts: Sequence[Account], wanted: str | None, *, is_real_money: bool) -> Account:
    """
    Return the account that is meant: by its number, the end of it, or its nickname; else the only one.

    Raises
    ------
    ParameterError
        If it is not clear which; the message lists them.
    """
    if wanted is None:
        found = [account for account in accounts if not account.is_closed]
        found = found or list(accounts)
    else:
        found = _matching(accounts, wanted.strip())
    if len(found) == 1:
        return found[0]
    listed = [_described(account, accounts, is_real_money=is_real_money) for account in found or accounts]
    raise ParameterError(
        "account",
        wanted,
        f"one of {', '.join(listed) or '(there is none)'}",
        hint="name it with --account: its number, the end of it, or its nickname",
    )


def _matching(accounts: Sequence[Account], wanted: str) -> list[Account]:
    exactly = [account for account in accounts if account.number == wanted]
    if exactly or not wanted:
        return exactly
    ending = wanted.removeprefix("***").casefold()
    return [
        account
        for account in accounts
        if (account.nickname or "").casefold() == ending
        or (len(ending) >= ENDING_MIN and account.number.casefold().endswith(ending))
    ]


def _described(account: Account, accounts: Sequence[Account], *, is_real_money: bool) -> str:
    number = shown_number(account, accounts, is_real_money=is_real_money)
    return f"{number} ({account.nickname})" if account.nickname else number
