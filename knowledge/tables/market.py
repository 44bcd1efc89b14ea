"""The market: areas, owners, projects, listings with their price history, series, documents.

Prices are float64 with a currency column beside them (asking prices, not ledger money). Names that people search are
stored twice: as written, and folded (lower case, no accents) for indexed comparison, so no SQL function is needed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from knowledge.tables.base import Owned, json_column, moment, text_key


class Area(SQLModel, table=True):
    """Country > city > district > neighbourhood. The id is a path of slugs: `es/barcelona/la-vila-de-gracia`."""

    __tablename__ = "areas"
    id: str = Field(primary_key=True, sa_type=Text)
    parent_id: str | None = text_key("areas.id", nullable=True)
    level: str = Field(sa_type=Text, description="country | city | district | neighbourhood")
    country: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    name_folded: str = Field(sa_type=Text, index=True)
    latitude: float | None = None
    longitude: float | None = None
    population: int | None = None
    attributes: dict[str, Any] = json_column()
    demo: bool = False


class ProjectOwner(Owned, table=True):
    """A builder."""

    __tablename__ = "project_owners"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "external_id"),)
    id: str = Field(primary_key=True, sa_type=Text)
    source: str = Field(sa_type=Text)
    external_id: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    country: str = Field(sa_type=Text)
    founded: int | None = None
    attributes: dict[str, Any] = json_column()
    demo: bool = False


class Project(Owned, table=True):
    """A development by an owner, with units and stage (planned, presale, construction, delivered)."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "external_id"),)
    id: str = Field(primary_key=True, sa_type=Text)
    source: str = Field(sa_type=Text)
    external_id: str = Field(sa_type=Text)
    owner_id: str = text_key("project_owners.id")
    area_id: str = text_key("areas.id")
    name: str = Field(sa_type=Text)
    stage: str = Field(sa_type=Text)
    units: int
    units_available: int
    delivery_on: date | None = None
    price_from: float | None = None
    currency: str = Field(sa_type=Text)
    text: str = Field(default="", sa_type=Text)
    language: str = Field(default="es", sa_type=Text)
    latitude: float | None = None
    longitude: float | None = None
    attributes: dict[str, Any] = json_column()
    demo: bool = False


class Listing(Owned, table=True):
    """A property for sale or rent, from one source, as last seen. Earlier prices are in `price_history`.

    `status`: active, withdrawn, or superseded (demo rows where real ones of the same city and operation exist).
    `price` is the asking price (sale) or monthly rent (rent) in `currency`.
    """

    __tablename__ = "listings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        # what filters read besides stands in these two, so that counting what passes never reads the wide rows
        Index("ix_listings_city", "city_id", "operation", "property_type", "price",
              postgresql_where=text("status = 'active'"),
              postgresql_include=["tenant_id", "country", "area_m2", "bedrooms", "bathrooms", "features"]),
        Index("ix_listings_country", "country", "operation", "property_type", "price",
              postgresql_where=text("status = 'active'"),
              postgresql_include=["tenant_id", "area_m2", "bedrooms", "bathrooms", "features"]),
        Index("ix_listings_area", "area_id", "operation", "property_type", "price",
              postgresql_where=text("status = 'active'")),
        Index("ix_listings_city_newest", "city_id", "operation", text("observed_on DESC"), "id",
              postgresql_where=text("status = 'active'"), postgresql_include=["tenant_id"]),
        # what the market's pace, its medians and the adverts around a place are read from, without the wide rows
        Index("ix_listings_market", "city_id", "operation", "area_id",
              postgresql_where=text("status <> 'superseded'"),
              postgresql_include=["tenant_id", "property_type", "status", "first_seen", "observed_on", "currency",
                                  "price_per_m2", "area_m2", "latitude", "longitude", "demo", "id"]),
        Index("ix_listings_newest", "operation", text("observed_on DESC"), "id",
              postgresql_where=text("status = 'active'"), postgresql_include=["tenant_id"]),
    )
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    source: str = Field(sa_type=Text)
    external_id: str = Field(sa_type=Text)
    operation: str = Field(sa_type=Text, description="sale | rent")
    property_type: str = Field(sa_type=Text)
    country: str = Field(sa_type=Text)
    city_id: str = text_key("areas.id", index=False)
    area_id: str = text_key("areas.id", index=False)
    project_id: str | None = text_key("projects.id", nullable=True)
    title: str = Field(default="", sa_type=Text)
    text: str = Field(default="", sa_type=Text)
    language: str = Field(default="es", sa_type=Text)
    price: float = Field(sa_type=Float)
    currency: str = Field(sa_type=Text)
    area_m2: float | None = None
    price_per_m2: float | None = None
    bedrooms: int | None = None
    bathrooms: int | None = None
    floor: int | None = None
    year_built: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    features: list[str] = json_column(list)
    attributes: dict[str, Any] = json_column()
    dwelling_group: str | None = Field(default=None, sa_type=Text)
    status: str = Field(default="active", sa_type=Text)
    first_seen: date
    observed_on: date
    demo: bool = False
    fingerprint: str = Field(sa_type=Text)


class PriceHistory(Owned, table=True):
    """What a listing asked, from when."""

    __tablename__ = "price_history"
    __table_args__ = (UniqueConstraint("listing_id", "observed_on"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    listing_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("listings.id", ondelete="CASCADE"), nullable=False)
    )
    observed_on: date
    price: float
    currency: str = Field(sa_type=Text)


class Series(SQLModel, table=True):
    """A dated market statistic. The id is readable: `INE_IPV_25171/ES/all`, `FX/USDCOP`, `CPI/CO`.

    `metric`: price_index, price_m2, rent, rent_m2, inflation, fx, mortgage_rate, contracts, stock, days_on_market.
    """

    __tablename__ = "series"
    __table_args__ = (Index("ix_series_lookup", "country", "metric", "segment"),)
    id: str = Field(primary_key=True, sa_type=Text)
    area_id: str | None = text_key("areas.id", nullable=True)
    country: str = Field(sa_type=Text)
    region: str = Field(default="", sa_type=Text)
    name: str = Field(sa_type=Text)
    metric: str = Field(sa_type=Text)
    segment: str = Field(default="all", sa_type=Text)
    unit: str = Field(sa_type=Text)
    currency: str | None = Field(default=None, sa_type=Text)
    frequency: str = Field(sa_type=Text, description="A | Q | M")
    source: str = Field(sa_type=Text)
    attribution: str = Field(default="", sa_type=Text)
    demo: bool = False


class Observation(SQLModel, table=True):
    """One value of a series; `period` is the first day of its month, quarter or year."""

    __tablename__ = "observations"
    series_id: str = Field(
        sa_column=Column(Text, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    )
    period: date = Field(primary_key=True)
    value: float


class Forecast(SQLModel, table=True):
    """A stored forecast of one series, with the backtest that earned it; refitted when `fingerprint` changes."""

    __tablename__ = "forecasts"
    series_id: str = Field(
        sa_column=Column(Text, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    )
    fingerprint: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    origin: date
    path: list[dict[str, Any]] = json_column(list)
    backtest: dict[str, Any] = json_column()
    made_at: datetime = moment()


class AnalyticsData(Owned, table=True):
    """Dated aggregates of listings by area and segment, rebuilt after each load."""

    __tablename__ = "analytics_data"
    __table_args__ = (UniqueConstraint("tenant_id", "area_id", "operation", "property_type", "period"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    area_id: str = text_key("areas.id")
    operation: str = Field(sa_type=Text)
    property_type: str = Field(sa_type=Text, description="a property type, or `all`")
    period: date = Field(description="first day of the quarter the listings were last seen in")
    listings: int
    currency: str = Field(sa_type=Text)
    price_median: float
    price_q1: float
    price_q3: float
    price_m2_median: float | None = None
    price_m2_q1: float | None = None
    price_m2_q3: float | None = None
    area_m2_median: float | None = None
    new_listings: int = 0
    source: str = Field(sa_type=Text)
    demo: bool = False


#: Documents of this kind are read whole for what people say of a place; passages that answer a question are never theirs.
OPINION = "opinion"


class Document(Owned, table=True):
    """An area guide, market note or rule. The text here is the truth; Chroma can be rebuilt from it."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "external_id"),)
    id: str = Field(primary_key=True, sa_type=Text)
    source: str = Field(sa_type=Text)
    external_id: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    language: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text, description="area_guide | market_note | rule | opinion")
    country: str = Field(sa_type=Text)
    area_id: str | None = text_key("areas.id", nullable=True)
    published_on: date
    text: str = Field(sa_type=Text)
    attribution: str = Field(default="", sa_type=Text)
    url: str = Field(default="", sa_type=Text)
    demo: bool = False
    fingerprint: str = Field(sa_type=Text)


class Model(Owned, table=True):
    """A trained artefact on disk: its version, the data it saw, its measured errors. One is active per market."""

    __tablename__ = "models"
    __table_args__ = (
        Index("uq_models_active", "tenant_id", "kind", "market", unique=True, postgresql_where=text("active")),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(sa_type=Text)
    market: str = Field(sa_type=Text)
    version: str = Field(sa_type=Text)
    path: str = Field(sa_type=Text, description="relative to the data folder")
    fingerprint: str = Field(sa_type=Text)
    metrics: dict[str, Any] = json_column()
    active: bool = False
    demo: bool = False
    trained_at: datetime = moment()


class Load(Owned, table=True):
    """One ingestion of one file, with its counts."""

    __tablename__ = "loads"
    id: str = Field(primary_key=True, sa_type=Text)
    file: str = Field(sa_type=Text)
    mapping: str = Field(sa_type=Text)
    fingerprint: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text, description="running | done | failed")
    counts: dict[str, Any] = json_column()
    started_at: datetime = moment()
    finished_at: datetime | None = moment(nullable=True)


class Quarantine(Owned, table=True):
    """A row that could not be loaded, whole, with the reason: nothing is lost."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("tenant_id", "file", "row_number", "fingerprint"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    load_id: str = text_key("loads.id")
    file: str = Field(sa_type=Text)
    row_number: int = Field(description="1-based data row in the file")
    reason: str = Field(sa_type=Text)
    raw: dict[str, Any] = json_column()
    fingerprint: str = Field(sa_type=Text, description="digest of the raw row: the same bad row is kept once")
