"""Where people are, what they use and how they found the shop.

Mixes follow what is generally known of Google's public sample: 44 % United States, 9 % India,
7 % Canada; 58 % desktop, 40 % mobile; a third of the users from google / organic, a quarter
direct. Placeholders stand as GA4 writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ga4_analytics.sources.synthetic.draws import Floats, Ints, below, words
from ga4_analytics.sources.synthetic.spec import SampleSpec

OWN_HOST = "shop.harbourandhazel.example"


@dataclass(frozen=True)
class Country:
    """A country with its share of the users (weights add up over the list).

    Attributes:
        name: As GA4 writes it.
        continent: Its continent.
        part: Its sub-continent.
        weight: Its share of the users.
        language: The language most devices there are set to.
        places: (region, city) pairs.
    """

    name: str
    continent: str
    part: str
    weight: float
    language: str
    places: tuple[tuple[str, str], ...] = (("(not set)", "(not set)"),)


@dataclass(frozen=True)
class Device:
    """A kind of device with its share of the users."""

    weight: float
    category: str
    brand: str
    model: str
    system: str
    version: str
    browser: str
    browser_version: str


@dataclass(frozen=True)
class Source:
    """Where a user or session came from, with its share of the users."""

    weight: float
    source: str
    medium: str
    campaign: str


_N, _S, _W, _E = "Northern", "Southern", "Western", "Eastern"
COUNTRIES: tuple[Country, ...] = (
    Country(
        "United States",
        "Americas",
        f"{_N} America",
        44.0,
        "en-us",
        (
            ("California", "Mountain View"),
            ("California", "San Francisco"),
            ("New York", "New York"),
            ("Washington", "Seattle"),
            ("Texas", "Austin"),
            ("Illinois", "Chicago"),
            ("Iowa", "(not set)"),
            ("Massachusetts", "Cambridge"),
        ),
    ),
    Country(
        "India",
        "Asia",
        f"{_S} Asia",
        9.3,
        "en-us",
        (
            ("Karnataka", "Bengaluru"),
            ("Maharashtra", "Mumbai"),
            ("Telangana", "Hyderabad"),
            ("Delhi", "New Delhi"),
            ("Rajasthan", "(not set)"),
        ),
    ),
    Country(
        "Canada",
        "Americas",
        f"{_N} America",
        7.4,
        "en-ca",
        (
            ("Ontario", "Toronto"),
            ("Quebec", "Montréal"),
            ("British Columbia", "Vancouver"),
            ("Alberta", "Calgary"),
        ),
    ),
    Country(
        "United Kingdom",
        "Europe",
        f"{_N} Europe",
        3.0,
        "en-gb",
        (("England", "London"), ("England", "Manchester"), ("Scotland", "Edinburgh")),
    ),
    Country(
        "France",
        "Europe",
        f"{_W} Europe",
        2.1,
        "fr",
        (("Île-de-France", "Paris"), ("Auvergne-Rhône-Alpes", "Lyon")),
    ),
    Country(
        "Spain",
        "Europe",
        f"{_S} Europe",
        2.1,
        "es-es",
        (("Community of Madrid", "Madrid"), ("Catalonia", "Barcelona")),
    ),
    Country("Taiwan", "Asia", f"{_E} Asia", 1.9, "zh-tw", (("Taipei City", "Taipei"),)),
    Country(
        "Germany",
        "Europe",
        f"{_W} Europe",
        1.8,
        "de",
        (("Berlin", "Berlin"), ("Bavaria", "Munich"), ("North Rhine-Westphalia", "Cologne")),
    ),
    Country(
        "China",
        "Asia",
        f"{_E} Asia",
        1.8,
        "zh-cn",
        (("Beijing", "Beijing"), ("Shanghai", "Shanghai")),
    ),
    Country(
        "Türkiye",
        "Asia",
        f"{_W} Asia",
        1.6,
        "tr",
        (("İstanbul", "İstanbul"), ("Ankara", "(not set)")),
    ),
    Country(
        "Japan", "Asia", f"{_E} Asia", 1.6, "ja", (("Tokyo", "Minato City"), ("Osaka", "Osaka"))
    ),
    Country(
        "Italy", "Europe", f"{_S} Europe", 1.4, "it", (("Lombardy", "Milan"), ("Lazio", "Rome"))
    ),
    Country("South Korea", "Asia", f"{_E} Asia", 1.2, "ko", (("Seoul", "Seoul"),)),
    Country(
        "Netherlands",
        "Europe",
        f"{_W} Europe",
        1.2,
        "nl",
        (("North Holland", "Amsterdam"), ("South Holland", "The Hague")),
    ),
    Country(
        "Brazil",
        "Americas",
        "South America",
        1.2,
        "pt-br",
        (("State of São Paulo", "São Paulo"), ("State of Rio de Janeiro", "Rio de Janeiro")),
    ),
    Country(
        "Australia",
        "Oceania",
        "Australasia",
        1.1,
        "en-au",
        (("New South Wales", "Sydney"), ("Victoria", "Melbourne")),
    ),
    Country("Singapore", "Asia", "Southeast Asia", 1.0, "en-us"),
    Country(
        "Mexico",
        "Americas",
        "Central America",
        0.9,
        "es-419",
        (("Mexico City", "Mexico City"), ("Yucatan", "Mérida")),
    ),
    Country(
        "Poland",
        "Europe",
        f"{_E} Europe",
        0.9,
        "pl",
        (("Masovian Voivodeship", "Warsaw"), ("Łódź Voivodeship", "Łódź")),
    ),
    Country("Russia", "Europe", f"{_E} Europe", 0.8, "ru", (("Moscow", "Moscow"),)),
    Country("Malaysia", "Asia", "Southeast Asia", 0.7, "en-us"),
    Country("Indonesia", "Asia", "Southeast Asia", 0.7, "id"),
    Country(
        "Sweden",
        "Europe",
        f"{_N} Europe",
        0.7,
        "sv",
        (("Stockholm County", "Stockholm"), ("Västra Götaland County", "Göteborg")),
    ),
    Country("Hong Kong", "Asia", f"{_E} Asia", 0.7, "zh-hk"),
    Country("Thailand", "Asia", "Southeast Asia", 0.7, "th"),
    Country("Colombia", "Americas", "South America", 0.6, "es-419", (("Bogota", "Bogotá"),)),
    Country("Philippines", "Asia", "Southeast Asia", 0.6, "en-us"),
    Country("Ireland", "Europe", f"{_N} Europe", 0.6, "en-gb", (("County Dublin", "Dublin"),)),
    Country("Switzerland", "Europe", f"{_W} Europe", 0.6, "de", (("Zürich", "Zürich"),)),
    Country("Vietnam", "Asia", "Southeast Asia", 0.6, "vi"),
    Country("Belgium", "Europe", f"{_W} Europe", 0.5, "nl"),
    Country("Portugal", "Europe", f"{_S} Europe", 0.5, "pt-pt"),
    Country("Israel", "Asia", f"{_W} Asia", 0.5, "he"),
    Country("Pakistan", "Asia", f"{_S} Asia", 0.5, "en-us"),
    Country("Greece", "Europe", f"{_S} Europe", 0.5, "el"),
    Country("Ukraine", "Europe", f"{_E} Europe", 0.5, "uk"),
    Country("Argentina", "Americas", "South America", 0.5, "es-419"),
    Country("Peru", "Americas", "South America", 0.4, "es-419"),
    Country("Denmark", "Europe", f"{_N} Europe", 0.4, "da"),
    Country("Czechia", "Europe", f"{_E} Europe", 0.4, "cs"),
    Country("Austria", "Europe", f"{_W} Europe", 0.4, "de"),
    Country("Egypt", "Africa", f"{_N} Africa", 0.4, "ar"),
    Country("Bangladesh", "Asia", f"{_S} Asia", 0.4, "en-us"),
    Country("Nigeria", "Africa", f"{_W} Africa", 0.4, "en-us"),
    Country("United Arab Emirates", "Asia", f"{_W} Asia", 0.4, "ar"),
    Country("Saudi Arabia", "Asia", f"{_W} Asia", 0.3, "ar"),
    Country("Finland", "Europe", f"{_N} Europe", 0.3, "fi"),
    Country("Romania", "Europe", f"{_E} Europe", 0.3, "ro"),
    Country("Morocco", "Africa", f"{_N} Africa", 0.2, "fr"),
    Country("Sri Lanka", "Asia", f"{_S} Asia", 0.2, "en-us"),
    Country("New Zealand", "Oceania", "Australasia", 0.2, "en-gb"),
    Country("Côte d’Ivoire", "Africa", f"{_W} Africa", 0.1, "fr"),
    Country("Bosnia & Herzegovina", "Europe", f"{_S} Europe", 0.1, "bs"),
    Country("(not set)", "(not set)", "(not set)", 0.6, "en-us"),
)

DEVICES: tuple[Device, ...] = (
    Device(21.0, "desktop", "Google", "Chrome", "Windows", "Windows 10", "Chrome", "87.0"),
    Device(16.0, "desktop", "Apple", "Safari", "Macintosh", "Intel 10.15", "Chrome", "87.0"),
    Device(6.5, "desktop", "Apple", "Safari", "Macintosh", "Intel 10.15", "Safari", "14.0"),
    Device(5.0, "desktop", "Microsoft", "Edge", "Windows", "Windows 10", "Edge", "87.0"),
    Device(3.6, "desktop", "Mozilla", "<Other>", "Web", "<Other>", "Firefox", "84.0"),
    Device(6.0, "desktop", "<Other>", "<Other>", "<Other>", "<Other>", "<Other>", "<Other>"),
    Device(17.8, "mobile", "Apple", "iPhone", "iOS", "<Other>", "Safari", "13.1"),
    Device(6.0, "mobile", "Samsung", "<Other>", "Android", "<Other>", "Chrome", "86.0"),
    Device(5.0, "mobile", "Google", "Pixel 3", "Android", "<Other>", "Chrome", "87.0"),
    Device(3.0, "mobile", "Xiaomi", "<Other>", "Android", "<Other>", "Android Webview", "<Other>"),
    Device(2.0, "mobile", "Huawei", "<Other>", "Android", "<Other>", "<Other>", "<Other>"),
    Device(5.88, "mobile", "<Other>", "<Other>", "Web", "<Other>", "Chrome", "<Other>"),
    Device(1.5, "tablet", "Apple", "iPad", "iOS", "<Other>", "Safari", "13.1"),
    Device(0.72, "tablet", "Samsung", "<Other>", "Android", "<Other>", "Chrome", "87.0"),
)

SOURCES: tuple[Source, ...] = (
    Source(33.0, "google", "organic", "(organic)"),
    Source(23.5, "(direct)", "(none)", "(direct)"),
    Source(13.5, "<Other>", "<Other>", "<Other>"),
    Source(9.0, "<Other>", "referral", "(referral)"),
    Source(8.0, OWN_HOST, "referral", "(referral)"),
    Source(5.0, "google", "cpc", "<Other>"),
    Source(4.0, "(data deleted)", "(data deleted)", "(data deleted)"),
    Source(1.2, "<Other>", "organic", "(organic)"),
    Source(0.8, "newsletter", "email", "winter_lights_2020"),
    Source(0.6, "bing", "organic", "(organic)"),
    Source(0.5, "baidu", "organic", "(organic)"),
    Source(0.4, "m.facebook.com", "referral", "(referral)"),
    Source(0.3, "youtube.com", "referral", "(referral)"),
    Source(0.2, "(not set)", "(not set)", "(not set)"),
)


@dataclass(frozen=True)
class People:
    """What stays the same for a user: positions in the lists above, by user."""

    country: Ints
    place: Ints
    device: Ints
    source: Ints


def deal(weights: tuple[float, ...], u: Floats) -> Ints:
    """Turn quantiles into positions of a weighted list.

    Example:
        >>> deal((1.0, 3.0), np.array([0.1, 0.3, 0.9])).tolist()
        [0, 1, 1]
    """
    running = np.cumsum(np.array(weights))
    place = np.searchsorted(running, u * running[-1], side="right")
    dealt: Ints = np.minimum(place, len(weights) - 1)
    return dealt


def _balanced(seed: int, name: str, step: float, weights: Ints) -> Floats:
    """Give quantiles that are evenly spread over users of each weight.

    A Weyl sequence along the users ordered by weight, so that a mix that is drawn with them
    is right for users and for what the weights count.
    """
    order = np.lexsort((words(seed, name, np.arange(len(weights))), weights))
    u = np.empty(len(weights))
    u[order] = np.arange(len(weights)) * step % 1.0
    return u


def plan_people(spec: SampleSpec, sessions: Ints) -> People:
    """Give each user a country, a place there, a device and a first source.

    Args:
        spec: The sample's seed.
        sessions: How many sessions each user has.

    Returns:
        The mixes are nearly exact over users and over sessions, at any size.
    """
    seed = spec.seed
    country = deal(
        tuple(c.weight for c in COUNTRIES), _balanced(seed, "country", 0.4142135623730951, sessions)
    )
    device = deal(
        tuple(d.weight for d in DEVICES), _balanced(seed, "device", 0.6180339887498949, sessions)
    )
    source = deal(
        tuple(s.weight for s in SOURCES), _balanced(seed, "source", 0.7320508075688772, sessions)
    )
    places = np.array([len(c.places) for c in COUNTRIES])[country]
    place = below(seed, "place", np.arange(len(sessions)), 1 << 20) % places
    return People(country, place, device, source)
