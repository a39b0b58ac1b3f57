# SPDX-License-Identifier: Apache-2.0
"""Market-data providers, declared: requests as values, answers as rows of canonical datasets."""

from ttapi_providers.asking import Asked, RequestForm, Wanted, get, post
from ttapi_providers.bodies import Format, parsed
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip, query_is, recognise, refused
from ttapi_providers.decoding import Decoded, decode
from ttapi_providers.fetching import DeclaredProvider
from ttapi_providers.items import by_name, listed, one, parallel, place, with_parent
from ttapi_providers.naming import AS_IS, Naming, pair, pairs, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.registry import load_provider, load_providers, provider_names

__all__ = [
    "AS_IS",
    "Asked",
    "Credential",
    "DeclaredProvider",
    "Decoded",
    "Endpoint",
    "Format",
    "Naming",
    "Provider",
    "RequestForm",
    "Row",
    "Skip",
    "Values",
    "Wanted",
    "by_name",
    "decode",
    "get",
    "listed",
    "load_provider",
    "load_providers",
    "one",
    "pair",
    "pairs",
    "parallel",
    "parsed",
    "place",
    "post",
    "provider_names",
    "query_is",
    "recognise",
    "refused",
    "share_classes",
    "with_parent",
]
