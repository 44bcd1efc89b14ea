"""The index of place names: gazetteer, regions, neighbourhoods and, where given, the database's areas.

Lines of the gazetteer are parsed when a name is first met, not at load: thirty thousand places load in a few tens of
milliseconds, and a conversation touches a dozen of them.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from knowledge.understanding.lexicon import DATA, lexicon, words
from knowledge.understanding.model import PlaceLevel
from knowledge.understanding.text import fold, slug

MARKETS = frozenset({"CO", "ES", "MX"})
#: area_id, level (country | city | district | neighbourhood), country, name, parent_name, latitude, longitude
AreaRow = tuple[str, str, str, str, str | None, float | None, float | None]
#: A misspelt name is only looked for among places at least this big (inhabitants).
FUZZY_POPULATION = 10_000
FUZZY_WORLD_POPULATION = 500_000
#: Neighbourhoods have no population; they weigh like a town of this size.
NEIGHBOURHOOD_WEIGHT = 40_000
#: Two places of one name closer than this (km) are one place.
SAME_PLACE_KM = 30.0
#: A guarded neighbourhood is known without its article too from this many letters on.
_BARE = 5
_LEADING = words("leading")


@dataclass(frozen=True, slots=True)
class Entry:
    """A place that can be named. `guarded`: only with its city, an article or a word like barrio before it."""

    name: str
    level: PlaceLevel
    country: str
    admin1: str = ""
    latitude: float | None = None
    longitude: float | None = None
    population: int = 0
    city: str | None = None
    area_id: str | None = None
    guarded: bool = False


def _rows(name: str) -> Iterator[list[str]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split(";")


def _without_article(key: str) -> str:
    first, _, rest = key.partition(" ")
    return rest if first in _LEADING and rest else key


def kilometres(a: Entry, b: Entry) -> float:
    """Flat-earth distance; infinity where a position is not known."""
    if a.latitude is None or b.latitude is None or a.longitude is None or b.longitude is None:
        return math.inf
    return 111.2 * math.hypot(a.latitude - b.latitude, (a.longitude - b.longitude) * math.cos(math.radians(a.latitude)))


class PlaceIndex:
    """Looks places up by folded name; immutable after it is built (`with_areas` returns a new one)."""

    def __init__(self, lines: list[str], extra: list[tuple[Entry, tuple[str, ...]]]) -> None:
        self._lines = lines
        self._extra = extra
        self._parsed: dict[int, Entry] = {}
        self._keys: dict[str, list[int]] = {}
        self._shown: dict[tuple[str, int], str] = {}
        self._areas: dict[int, str] = {}
        for number, line in enumerate(lines):
            for key in line[line.rindex(";") + 1 :].split("|"):
                if "=" in key:
                    key, _, shown = key.partition("=")
                    self._shown[key, number] = shown
                self._keys.setdefault(key, []).append(number)
        for offset, (_, keys) in enumerate(extra):
            for written in keys:
                key, _, shown = written.partition("=")
                if shown:
                    self._shown[key, len(lines) + offset] = shown
                self._keys.setdefault(key, []).append(len(lines) + offset)
        self._fuzzy: dict[int, list[tuple[str, int]]] | None = None

    def entry(self, number: int) -> Entry:
        """The place of this number."""
        if number >= len(self._lines):
            found = self._extra[number - len(self._lines)][0]
        elif number in self._parsed:
            found = self._parsed[number]
        else:
            country, admin1, name, lat, lon, population, _ = self._lines[number].split(";")
            level: PlaceLevel = "city" if country in MARKETS else "other"
            placed = lat != "0.000" or lon != "0.000"
            latitude, longitude = (float(lat), float(lon)) if placed else (None, None)
            area = self._areas.get(number)
            found = Entry(name, level, country, admin1, latitude, longitude, int(population), None, area)
            self._parsed[number] = found
        return found

    def spellings(self, name: str) -> list[str]:
        """Other spellings of a neighbourhood's name, folded: Russafa for Ruzafa. Not the names of its parts."""
        numbers = [n for n in self._keys.get(fold(name), ()) if self.entry(n).level == "neighbourhood"]
        keys = dict.fromkeys(k.partition("=")[0] for n in numbers for k in self._extra[n - len(self._lines)][1])
        bare = _without_article(fold(name))
        return [k for k in keys if k != bare and edits(_without_article(k), bare, 2) <= 2]

    def known(self, key: str) -> bool:
        return key in self._keys

    def lookup(self, key: str) -> list[tuple[Entry, str]]:
        """Places known by this folded name, each with the name to show for it."""
        return [(e := self.entry(n), self._shown.get((key, n), e.name)) for n in self._keys.get(key, ())]

    def similar(self, key: str) -> list[str]:
        """Names of places of some size that are one slip away from `key` (two from eight letters on), best first."""
        if self._fuzzy is None:
            self._fuzzy = self._by_length()
        slips = 1 if len(key) < 8 else 2
        mine = _letters(key)
        found: list[tuple[int, str]] = []
        for length in range(len(key) - slips, len(key) + slips + 1):
            near = [n for n, letters in self._fuzzy.get(length, ()) if (letters ^ mine).bit_count() <= 2 * slips]
            found += [(distance, n) for n in near if (distance := edits(key, n, slips)) <= slips]
        return [name for _, name in sorted(found, key=lambda item: item[0])]

    def _by_length(self) -> dict[int, list[tuple[str, int]]]:
        """Names that may be misspelt, with the set of their letters as bits, by length."""
        names: dict[str, None] = {}
        for line in self._lines:
            country, _, _, _, _, population, keys = line.split(";", 6)
            if int(population) >= (FUZZY_POPULATION if country in MARKETS else FUZZY_WORLD_POPULATION):
                names.update(dict.fromkeys(k.partition("=")[0] for k in keys.split("|")))
        for entry, extra_keys in self._extra:
            if entry.level == "neighbourhood" and entry.country not in MARKETS:
                continue
            names.update(dict.fromkeys(k.partition("=")[0] for k in extra_keys))
        common = lexicon().common
        found: dict[int, list[tuple[str, int]]] = {}
        for name in names:
            if len(name) >= 5 and name not in common:
                found.setdefault(len(name), []).append((name, _letters(name)))
        return found

    def with_areas(self, rows: Iterable[AreaRow]) -> PlaceIndex:
        """A new index that also knows the database's areas; a place known already takes the area's id."""
        listed = [row for row in rows if row[1] != "country"]
        cities = {row[0]: row for row in listed if row[1] == "city"}
        ids: dict[int, str] = dict(self._areas)
        extra: list[tuple[Entry, tuple[str, ...]]] = []
        replaced: dict[tuple[str, str], int] = {}
        known = list(self._extra)
        for offset, (entry, keys) in enumerate(known):
            if entry.level == "neighbourhood" and entry.country in MARKETS:
                for key in keys:
                    replaced[slug(entry.city or ""), _without_article(key.partition("=")[0])] = offset
        city_names: dict[str, str] = {}
        for area_id, row in cities.items():
            here = Entry(row[3], "city", row[2], "", row[5], row[6])
            number = self._match_city(here)
            if number is None:
                extra.append(
                    (Entry(row[3], "city", row[2], "", row[5], row[6], 20_000, None, area_id), (fold(row[3]),))
                )
                city_names[area_id] = row[3]
            else:
                ids[number] = area_id
                city_names[area_id] = self.entry(number).name
        for area_id, level, country, name, parent, lat, lon in listed:
            if level == "city":
                continue
            city_id = "/".join(area_id.split("/")[:2])
            city = city_names.get(city_id) or parent or ""
            key = fold(name)
            offset_found = replaced.get((slug(city), _without_article(key)))
            if offset_found is not None and _same_area(known[offset_found][0], key):
                old, keys = known[offset_found]
                known[offset_found] = (
                    Entry(old.name, "neighbourhood", country, "", lat, lon, 0, city, area_id, old.guarded),
                    _with_spellings(keys, name),
                )
                continue
            bare = _without_article(key)
            common = all(word in lexicon().common for word in bare.split())
            guarded = common or len(bare) < 5 or any(e.level in ("city", "other") for e, _ in self.lookup(bare))
            keys_new = tuple(dict.fromkeys((key, bare)))
            extra.append((Entry(name, "neighbourhood", country, "", lat, lon, 0, city, area_id, guarded), keys_new))
        index = PlaceIndex(self._lines, known + extra)
        index._areas = ids
        return index

    def _match_city(self, here: Entry) -> int | None:
        best: tuple[float, int] | None = None
        for number in self._keys.get(fold(here.name), ()):
            entry = self.entry(number)
            if entry.level != "city" or entry.country != here.country:
                continue
            far = kilometres(entry, here)
            if here.latitude is not None and far > SAME_PLACE_KM:
                continue
            if best is None or entry.population > best[0]:
                best = (entry.population, number)
        return best[1] if best else None


def _with_spellings(keys: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The keys of a neighbourhood and those of the database's name for it."""
    known = {key.partition("=")[0] for key in keys}
    return (*keys, *(k for k in dict.fromkeys((fold(name), _without_article(fold(name)))) if k not in known))


def _same_area(known: Entry, key: str) -> bool:
    """Whether a database area of this folded name is the known neighbourhood itself, spelt alike ("Russafa" for Ruzafa),
    and not a part of it ("Dreta de l'Eixample") nor one that the database has under another spelling already."""
    mine, other = _without_article(fold(known.name)), _without_article(key)
    return known.area_id is None and (mine == other or edits(mine, other, 2) <= 2)


def _letters(name: str) -> int:
    """The letters of a name as bits."""
    bits = 0
    for char in name:
        bits |= 1 << (ord(char) & 31)
    return bits


def edits(a: str, b: str, limit: int) -> int:
    """Edit distance with swaps of neighbours (optimal string alignment), `limit` + 1 where it is larger."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, previous = previous, row
    return previous[-1]


def _known_places() -> list[tuple[Entry, tuple[str, ...]]]:
    """Countries, regions and neighbourhoods of the data files."""
    found: list[tuple[Entry, tuple[str, ...]]] = []
    for country, name, aliases in _rows("countries.csv"):
        keys = (fold(name), *(fold(a) for a in aliases.split("|")))
        found.append((Entry(name, "country", country), tuple(dict.fromkeys(keys))))
    for country, admin1, name, aliases in _rows("regions.csv"):
        keys = (fold(name), *(fold(a) for a in aliases.split("|") if a))
        found.append((Entry(name, "region", country, admin1), keys))
    for country, name, aliases in _rows("world_regions.csv"):
        keys = tuple(dict.fromkeys((fold(name), *(fold(a) for a in aliases.split("|") if a))))
        found.append((Entry(name, "other", country, population=5_000_000), keys))
    for country, city, names in (*_rows("neighbourhoods.csv"), *_rows("world_districts.csv")):
        for item in names.split("|"):
            name, _, aliases = item.lstrip("*").partition("=")
            named = (fold(a) + (a if a.startswith("=") else "") for a in aliases.split("/") if a)
            guarded = item.startswith("*")
            bare = [b for b in [_without_article(fold(name))] if guarded and len(b) >= _BARE]
            keys = tuple(dict.fromkeys((fold(name), *bare, *named)))
            found.append((Entry(name, "neighbourhood", country, city=city, guarded=guarded), keys))
    return found


@lru_cache(maxsize=1)
def default_places() -> PlaceIndex:
    """The index without a database: gazetteer and data files only. Read once."""
    text = gzip.decompress((DATA / "gazetteer.csv.gz").read_bytes()).decode()
    return PlaceIndex(text.split("\n"), _known_places())
