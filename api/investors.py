"""Routes of an investor: a token that ties conversations together, and what is remembered with consent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import LanguageDep, RunnerDep, Token
from core.errors import Conflict
from core.locale import locale_for
from core.scope import Scope
from core.words import consent
from graphs import preferences
from knowledge.records import profiles
from knowledge.tables import UserProfile

router = APIRouter(prefix="/api", tags=["investors"])


class NewInvestor(BaseModel):
    token: str = Field(description="ties conversations to one investor; it is not kept and cannot be shown again")


class ConsentText(BaseModel):
    version: str
    es: str
    en: str


class Consent(BaseModel):
    granted: bool
    at: datetime | None
    version: str | None
    text: str | None = Field(description="what was agreed to, word for word")


class Remembered(BaseModel):
    name: str
    label: str
    value: Any
    currency: str | None
    shown: str = Field(description="the value in words, as the reader's language writes it")
    at: datetime
    conversation: str


class Profile(BaseModel):
    consent: Consent
    consent_text: ConsentText = Field(description="what a person is shown before they agree, word for word")
    preferences: list[Remembered]


class SetConsent(BaseModel):
    model_config = ConfigDict(extra="forbid")
    granted: bool = Field(description="false takes the consent back and erases the preferences")
    version: str | None = Field(None, max_length=40, description="of the text shown; one that is not current is refused")


async def investor(token: Token, runner: RunnerDep) -> UserProfile:
    async with runner.resources.database.session(Scope()) as session:
        return await profiles.authorise(session, token)


InvestorDep = Annotated[UserProfile, Depends(investor)]


def _scope(profile: UserProfile) -> Scope:
    return Scope(tenant=profile.tenant_id, role="visitor", subject=profile.visitor)


@router.post("/investors", status_code=status.HTTP_201_CREATED, summary="Get a token for an investor")
async def create(runner: RunnerDep) -> NewInvestor:
    scope = Scope(role="visitor")
    async with runner.resources.database.session(scope) as session:
        _, token = await profiles.create(session, scope)
    return NewInvestor(token=token)


@router.get("/profile", summary="What is remembered of the investor, and since when")
async def read(
    profile: InvestorDep, reader: LanguageDep,
    country: Annotated[str | None, Query(pattern="^(CO|ES|MX)$", description="whose words and number format to use")] = None,
) -> Profile:
    kept = profile.preferences if profile.consent_at is not None else {}
    own = country or kept.get("country", {}).get("value")
    return Profile(
        consent=Consent(
            granted=profile.consent_at is not None, at=profile.consent_at, version=profile.consent_version,
            text=profile.consent_text,
        ),
        consent_text=ConsentText(**consent("memory")),
        preferences=[Remembered(**one) for one in preferences.told(kept, locale_for(reader, own))],
    )


@router.put("/profile/consent", summary="Give the consent to be remembered, or take it back")
async def set_consent(body: SetConsent, profile: InvestorDep, runner: RunnerDep, reader: LanguageDep) -> Profile:
    terms = consent("memory")
    if body.granted and body.version not in (None, terms["version"]):
        raise Conflict(
            f"The text shown is version {body.version!r}; the current one is {terms['version']!r}. Read GET /api/profile "
            "again, show its text and ask once more.",
            f"El texto mostrado es la versión {body.version!r} y la vigente es {terms['version']!r}. Lea otra vez "
            "GET /api/profile, muestre su texto y vuelva a preguntar.",
            code="consent_outdated",
        )
    async with runner.resources.database.session(_scope(profile)) as session:
        if body.granted:
            await profiles.consent(session, profile.visitor, version=terms["version"], text=terms[reader])
        else:
            await profiles.withdraw(session, profile.visitor)
        found = await profiles.of_visitor(session, profile.visitor)
    return await read(found or profile, reader)


@router.delete("/profile", status_code=status.HTTP_204_NO_CONTENT, summary="Erase the investor's profile and token")
async def erase(profile: InvestorDep, runner: RunnerDep) -> None:
    async with runner.resources.database.session(_scope(profile)) as session:
        await profiles.erase(session, profile.visitor)
