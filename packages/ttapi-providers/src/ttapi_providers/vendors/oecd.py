# SPDX-License-Identifier: Apache-2.0
"""
OECD: economic series of its members.

Series are named as in its data explorer: ``OECD.SDD.STES,DSD_KEI@DF_KEI,4.0/GBR.M.IRLT....``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ttapi_core import RateWindow
from ttapi_providers.asking import Asked, Param
from ttapi_providers.declaring import Provider
from ttapi_providers.sdmx import series_endpoints, told

_PARAMS: Final[Mapping[str, Param]] = {
    "startPeriod": "{since}",
    "endPeriod": "{until}",
    "dimensionAtObservation": "TIME_PERIOD",
    "format": "csvfile",
}


def _is_another(asked: Asked) -> bool:
    return asked.told("instance") != "public"  # the archive, and instances of single directorates


PROVIDER: Final = Provider(
    name="oecd",
    title="Organisation for Economic Co-operation and Development",
    site="https://www.oecd.org/en/data/insights/data-explainers/2024/09/api.html",
    bases=("https://sdmx.oecd.org",),
    aliases=("stats.oecd.org",),
    limits=(RateWindow(requests=60, seconds=3600),),
    told=told,
    samples={"economic_series": "OECD.SDD.TPS,DSD_LFS@DF_IALFS_UNE_M,1.0/USA..._Z.N._T.Y_GE15..M"},
    endpoints=(
        *series_endpoints("/public/rest/data", _PARAMS),
        *series_endpoints("/public/rest/v1/data", _PARAMS),
        *series_endpoints("/public/rest/v2/data/dataflow", _PARAMS),
        *series_endpoints("/{instance}/rest/data", {}, when=_is_another, retired=True),
        *series_endpoints("/SDMX-JSON/data", {}, retired=True),
        *series_endpoints("/sdmx-json/data", {}, retired=True),
        *series_endpoints("/restsdmx/sdmx.ashx/GetData", {}, retired=True),
    ),
)
