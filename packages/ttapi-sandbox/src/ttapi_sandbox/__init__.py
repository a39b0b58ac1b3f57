# SPDX-License-Identifier: Apache-2.0
"""A local server that speaks the tastytrade API over a simulated market, with faults on demand."""

from ttapi_sandbox.faults import FaultPlan, FaultSpec, parse_fault
from ttapi_sandbox.sandbox import Sandbox
from ttapi_sandbox.scenario import Scenario, parse_scenario, read_scenario
from ttapi_sandbox.settings import SandboxSettings, parse_as_of
from ttapi_sandbox.statistics import Statistics

__all__ = [
    "FaultPlan",
    "FaultSpec",
    "Sandbox",
    "SandboxSettings",
    "Scenario",
    "Statistics",
    "parse_as_of",
    "parse_fault",
    "parse_scenario",
    "read_scenario",
]
