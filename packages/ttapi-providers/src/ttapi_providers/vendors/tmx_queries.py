# SPDX-License-Identifier: Apache-2.0
"""TMX: the queries that are posted, by operation; only fields that are read are asked for."""

from __future__ import annotations

from typing import Final

QUERIES: Final = {
    "getQuoteBySymbol": (
        "query getQuoteBySymbol($symbol: String, $locale: String) { getQuoteBySymbol(symbol: $symbol, "
        "locale: $locale) { symbol name price exchangeName exShortName exchangeCode sector industry "
        "volume openPrice dayHigh dayLow MarketCap prevClose longDescription website phoneNumber "
        "fullAddress employees shareOutStanding datatype issueType } }"
    ),
    "getCompanyPriceHistory": (
        "query getCompanyPriceHistory($symbol: String!, $start: String, $end: String, $adjusted: "
        "Boolean, $adjustmentType: String, $unadjusted: Boolean) { getCompanyPriceHistory(symbol: "
        "$symbol start: $start end: $end adjusted: $adjusted adjustmentType: $adjustmentType "
        "unadjusted: $unadjusted) { datetime openPrice closePrice high low volume numberOfTrade vwap "
        "} }"
    ),
    "getTimeSeriesData": (
        "query getTimeSeriesData($symbol: String!, $freq: String, $interval: Int, $startDateTime: "
        "Int, $endDateTime: Int) { getTimeSeriesData(symbol: $symbol, freq: $freq, interval: "
        "$interval, startDateTime: $startDateTime, endDateTime: $endDateTime) { dateTime open high "
        "low close volume } }"
    ),
    "getDividendsForSymbol": (
        "query getDividendsForSymbol($symbol: String!, $page: Int, $batch: Int) { dividends: "
        "getDividendsForSymbol(symbol: $symbol page: $page batch: $batch) { pageNumber hasNextPage "
        "dividends { exDate amount currency payableDate declarationDate recordDate } } }"
    ),
    "getNewsAndEvents": (
        "query getNewsAndEvents($symbol: String!, $page: Int!, $limit: Int!, $locale: String!) { "
        "news: getNewsForSymbol(symbol: $symbol, page: $page, limit: $limit, locale: $locale) { "
        "headline datetime source newsid summary } }"
    ),
    "getCompanyFilings": (
        "query getCompanyFilings($symbol: String!, $fromDate: String, $toDate: String, $limit: Int) { "
        "filings: getCompanyFilings(symbol: $symbol fromDate: $fromDate toDate: $toDate limit: "
        "$limit) { size filingDate description name urlToPdf } }"
    ),
    "getEnhancedEarningsForDate": (
        "query getEnhancedEarningsForDate($date: String!) { getEnhancedEarningsForDate(date: $date) { "
        "symbol companyName announceTime estimatedEps actualEps epsSurprisePercent "
        "epsSurpriseDollar } }"
    ),
}
