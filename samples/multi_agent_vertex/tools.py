# SPDX-License-Identifier: Apache-2.0
"""What the specialists can compute: walking times, arrival, pack weight and cost. Plain Python, no network.

A tool answers a mistake of the model (an unknown leg, an unknown item) with `{"error": …}`, so that the model can correct itself.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One walk between two places, in the direction in which it is entered."""

    km: float
    ascent_m: int
    descent_m: int

    @property
    def reversed(self) -> Leg:
        """The same path walked the other way."""
        return Leg(km=self.km, ascent_m=self.descent_m, descent_m=self.ascent_m)

    @property
    def minutes(self) -> int:
        """Walking time without breaks, by DIN 33466: 4 km/h, 300 m up or 500 m down an hour; the smaller part counts half."""
        along = self.km / 4 * 60
        vertical = self.ascent_m / 300 * 60 + self.descent_m / 500 * 60
        return round(max(along, vertical) + min(along, vertical) / 2)


_LEGS = {
    ("Larch", "Silver Pass"): Leg(km=7.2, ascent_m=980, descent_m=60),
    ("Silver Pass", "Lake Hut"): Leg(km=4.5, ascent_m=120, descent_m=540),
    ("Lake Hut", "Mill Station"): Leg(km=11.3, ascent_m=210, descent_m=1150),
}
_GRAMS = {
    "sleeping bag": 620,
    "rain jacket": 340,
    "warm jacket": 410,
    "water": 1500,
    "lunch": 550,
    "stove": 480,
    "rope": 1900,
    "first aid kit": 290,
}
_SHARED = frozenset({"stove", "rope", "first aid kit"})
"""Carried once for the whole group."""
_HUT_NIGHT_CHF = 78.50
_TRAIN_HOME_CHF = 21.40
_PER_CHF = {"CHF": 1.0, "EUR": 1.07, "USD": 1.25, "GBP": 0.93}


def walking_time(start: str, end: str) -> dict[str, Any]:
    """Returns length, climb and walking time (without breaks) of the leg between two neighbouring places.

    Args:
        start: Where the leg begins: Larch, Silver Pass, Lake Hut or Mill Station.
        end: Where it ends.
    """
    leg = _LEGS.get((start, end))
    if leg is None and (end, start) in _LEGS:
        leg = _LEGS[end, start].reversed
    if leg is None:
        known = "; ".join(f"{a} - {b}" for a, b in _LEGS)
        return {"error": f"There is no leg from {start} to {end}. The legs are: {known}."}
    return {"km": leg.km, "ascent_m": leg.ascent_m, "descent_m": leg.descent_m, "minutes": leg.minutes}


def arrival(departure: str, walking_minutes: int, break_minutes: int, sunset: str) -> dict[str, Any]:
    """Returns when a walk ends and how much daylight is left then.

    Args:
        departure: The time of setting out, as HH:MM.
        walking_minutes: The sum of the walking times.
        break_minutes: The sum of the breaks.
        sunset: The time of sunset, as HH:MM.
    """
    try:
        start, dark = (dt.datetime.strptime(clock, "%H:%M") for clock in (departure, sunset))
    except ValueError:
        return {"error": "departure and sunset are clock times such as 08:30."}
    end = start + dt.timedelta(minutes=walking_minutes + break_minutes)
    return {"arrival": end.strftime("%H:%M"), "daylight_left_minutes": int((dark - end).total_seconds() // 60)}


def pack_weight(items: list[str], persons: int) -> dict[str, Any]:
    """Returns what each person carries, in kilograms. Stove, rope and first aid kit are carried once for the group.

    Args:
        items: What each person needs, by name, such as "sleeping bag", "rain jacket", "water", "lunch" or "first aid kit".
        persons: How many people walk.
    """
    unknown = sorted(set(items) - _GRAMS.keys())
    if unknown:
        return {"error": f"Not in the store: {', '.join(unknown)}. In the store: {', '.join(_GRAMS)}."}
    if persons < 1:
        return {"error": "persons must be at least 1."}
    counted = Counter(items)
    own = sum(_GRAMS[item] * count for item, count in counted.items() if item not in _SHARED)
    shared = sum(_GRAMS[item] * count for item, count in counted.items() if item in _SHARED)
    return {"kg_each": round((own + shared / persons) / 1000, 2), "kg_total": round((own * persons + shared) / 1000, 2)}


def trip_cost(persons: int, hut_nights: int, currency: str) -> dict[str, Any]:
    """Returns what the trip costs for all: nights at the hut with half board, and the train home.

    Args:
        persons: How many people walk.
        hut_nights: Nights at the hut.
        currency: CHF, EUR, USD or GBP.
    """
    rate = _PER_CHF.get(currency)
    if rate is None:
        return {"error": f"No rate for {currency}. Known: {', '.join(_PER_CHF)}."}
    francs = persons * (hut_nights * _HUT_NIGHT_CHF + _TRAIN_HOME_CHF)
    return {"total": round(francs * rate, 2), "each": round(francs * rate / max(persons, 1), 2), "currency": currency}
