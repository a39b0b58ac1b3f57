# SPDX-License-Identifier: Apache-2.0
"""What the tester can do to a running sandbox; these calls are not part of the API, and are not counted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ttapi_core import ConfigurationError, ParameterError
from ttapi_sandbox.answers import Answer, RefusalError, encode, invalid, problem, timestamp
from ttapi_sandbox.faults import FaultSpec, fault_of, parse_fault
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.application import Application
    from ttapi_sandbox.requests import Request


class Administration:
    """
    Answers under ``/_sandbox``.

    ======================= ==========================================================
    ``GET faults``          the rules in force
    ``PUT faults``          put ``{"faults": [...]}`` in force, as text or as objects
    ``DELETE faults``       nothing goes wrong any more
    ``GET statistics``      what was counted
    ``POST reset``          counts to zero, rules begin anew
    ``POST expire-tokens``  every token issued so far runs out now
    ``GET clock``           the market's time and its speed
    ``POST clock``          ``{"advance": SECONDS}``, ``{"to": TIME}``, ``{"speed": X}``
    ======================= ==========================================================
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/_sandbox/faults", self.faults),
            Route("PUT", "/_sandbox/faults", self.replace_faults),
            Route("DELETE", "/_sandbox/faults", self.clear_faults),
            Route("GET", "/_sandbox/statistics", self.statistics),
            Route("POST", "/_sandbox/reset", self.reset),
            Route("POST", "/_sandbox/expire-tokens", self.expire_tokens),
            Route("GET", "/_sandbox/clock", self.clock),
            Route("POST", "/_sandbox/clock", self.move_clock),
        ]

    def faults(self, _: Request) -> Answer:
        """Answer with the rules in force."""
        rules = [asdict(spec) | {"kind": "+".join(spec.kinds)} for spec in self._application.faults.specs]
        return _plain({"faults": rules})

    def replace_faults(self, request: Request) -> Answer:
        """Put other rules in force."""
        given = request.fields().get("faults")
        if not isinstance(given, list):
            raise invalid("faults", "is not a list")
        try:
            specs = tuple(_spec(one) for one in given)
        except ConfigurationError as exc:
            raise RefusalError(problem(400, "validation_error", str(exc))) from exc
        self._application.faults.replace(specs)
        return self.faults(request)

    def clear_faults(self, request: Request) -> Answer:
        """Take all rules out of force."""
        self._application.faults.replace(())
        return self.faults(request)

    def statistics(self, _: Request) -> Answer:
        """Answer with what was counted."""
        return _plain(self._application.statistics.as_dict())

    def reset(self, request: Request) -> Answer:
        """Set counts to zero."""
        self._application.reset()
        return self.statistics(request)

    def expire_tokens(self, _: Request) -> Answer:
        """Let all tokens run out."""
        self._application.tokens.expire_all()
        return _plain({})

    def clock(self, _: Request) -> Answer:
        """Answer with the market's time, its speed, and whether the exchange is open."""
        timeline, now = self._application.timeline, self._application.market.now()
        is_open = self._application.desks.first.venue.is_open(now)
        return _plain({"now": timestamp(now), "speed": timeline.speed, "is-open": is_open})

    def move_clock(self, request: Request) -> Answer:
        """Turn the market's time forward, or let it run at another speed."""
        fields = request.fields()
        if not fields or not fields.keys() <= {"advance", "to", "speed"}:
            raise invalid("clock", "takes advance, to, speed")
        application = self._application
        try:
            if "speed" in fields:
                application.timeline.set_speed(_number(fields["speed"], "speed"))
            if "advance" in fields:
                seconds = _number(fields["advance"], "advance")
                application.move_to(application.timeline.now() + timedelta(seconds=seconds))
            if "to" in fields:
                application.move_to(_time(fields["to"]))
        except (ParameterError, OverflowError) as exc:
            raise RefusalError(problem(400, "validation_error", str(exc))) from exc
        return self.clock(request)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(name, "is not a number")
    return float(value)


def _time(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid("to", "is not a time") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _plain(data: object) -> Answer:
    return Answer(200, encode({"data": data}))


def _spec(given: Any) -> FaultSpec:  # noqa: ANN401 - a member of a JSON body
    if isinstance(given, str):
        return parse_fault(given)
    if isinstance(given, dict):
        return fault_of(
            {name: value for name, value in given.items() if value is not None and name != "kinds"}
        )
    raise ConfigurationError("fault", f"{given!r} is neither text nor an object")
