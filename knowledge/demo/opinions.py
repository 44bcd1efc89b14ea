"""What invented neighbours say of each neighbourhood of the demo portfolio: one document a city and language.

Both languages say the same of the same place, as the other documents do. A paragraph names its place first, so that a reader
of opinions knows what the sentences are about.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from core.locale import Language
from knowledge.demo.calibration import Calibration, City, Neighbourhood, read
from knowledge.demo.series import ATTRIBUTION
from knowledge.demo.wording import capital

Row = dict[str, Any]

_LANGUAGES: tuple[Language, ...] = ("es", "en")


def build(calibration: Calibration, seed: int) -> list[Row]:
    """Rows of `documents` of kind opinion, without tenant and fingerprint."""
    rng = random.Random(f"{seed}/opinions")
    words = read("opinions.toml")
    rows: list[Row] = []
    for city in calibration.cities:
        said = [(place, _said(rng, words, place)) for place in calibration.neighbourhoods[city.id]]
        day = date(2026, rng.randint(5, 10), rng.randint(1, 28))
        rows += [_document(words, city, said, day, language) for language in _LANGUAGES]
    return rows


def _said(rng: random.Random, words: Row, place: Neighbourhood) -> list[tuple[str, str]]:
    """Spanish and English of one sentence a topic, two of some."""
    found = []
    for topic, chances in words["chance"].items():
        for _ in range(2 if rng.random() < 0.4 else 1):
            side = "good" if rng.random() < chances[place.tag] else "bad"
            spanish, english = rng.choice(words[side][topic])
            if (spanish, english) not in found:
                found.append((spanish, english))
    rng.shuffle(found)
    return found


def _document(
    words: Row, city: City, said: list[tuple[Neighbourhood, list[tuple[str, str]]]], day: date, language: Language
) -> Row:
    bank = words[language]
    parts = [bank["intro"].format(city=city.name)]
    for place, pairs in said:
        sentences = [capital(pair[_LANGUAGES.index(language)]) for pair in pairs]
        sentences[0] = f"{place.called}: {sentences[0]}"
        parts.append(" ".join(f"{sentence}." for sentence in sentences))
    external = f"demo-voices-{city.id.replace('/', '-')}-{language}"
    return {
        "id": external, "source": "demo", "external_id": external, "title": bank["title"].format(city=city.name),
        "language": language, "kind": "opinion", "country": city.country, "area_id": city.id, "published_on": day,
        "text": "\n\n".join([*parts, bank["outro"]]), "attribution": ATTRIBUTION, "url": "", "demo": True,
    }
