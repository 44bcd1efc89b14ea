"""Nine small documents in two languages and three countries, and four adverts, one of them without a text."""

from __future__ import annotations

from datetime import date

from knowledge.tables import Document, Listing

AREAS = ("co", "co/bogota", "co/bogota/chapinero", "co/medellin", "es", "es/barcelona", "mx", "mx/merida")
DOCUMENTS = {
    "co-guide": ("area_guide", "es", "CO", "co/bogota/chapinero", "Chapinero, Bogotá: guía de zona",
        "Chapinero reúne universidades, oficinas y vida nocturna. Hay cafés, bares y restaurantes en la Zona G.\n\n"
        "Los apartaestudios se arriendan a estudiantes y profesionales jóvenes. El TransMilenio queda cerca."),
    "co-medellin": ("area_guide", "en", "CO", "co/medellin", "Medellín area guide",
        "El Poblado is upscale and hilly, with nightlife around Parque Lleras. Laureles is flat, leafy and quieter.\n\n"
        "The metro crosses the valley; cable cars climb the hills."),
    "co-predial": ("rule", "es", "CO", None, "Impuesto predial en Colombia",
        "El impuesto predial lo cobra cada municipio sobre el avalúo catastral del inmueble. La tarifa depende del "
        "estrato y del uso. Quien paga antes de la fecha límite suele recibir un descuento por pronto pago."),
    "co-market": ("market_note", "en", "CO", "co/bogota", "Bogotá rental market note",
        "Demand for rental flats kept growing during the year, while the supply of new homes fell. Landlords report "
        "shorter vacancy. Rents rose faster than inflation in the north of the city."),
    "es-rent-cap": ("rule", "es", "ES", "es/barcelona", "Tope al alquiler en zonas tensionadas",
        "En las zonas tensionadas el alquiler de un contrato nuevo no puede superar la renta del contrato anterior, "
        "actualizada. Los grandes tenedores quedan sujetos al índice de referencia."),
    "es-itp": ("rule", "en", "ES", None, "Buying costs in Spain",
        "The buyer of a used home pays transfer tax (ITP), set by each region, plus notary and land registry fees. "
        "A new home bears VAT and stamp duty instead."),
    "es-ibi": ("rule", "es", "ES", None, "El IBI",
        "El impuesto sobre bienes inmuebles (IBI) es un tributo municipal anual que paga el propietario a 1 de enero. "
        "Se calcula sobre el valor catastral."),
    "mx-trust": ("rule", "en", "MX", None, "Foreign buyers and the bank trust",
        "Foreigners may own homes near the coast through a bank trust (fideicomiso) that lasts fifty years and can be "
        "renewed. The bank charges a set-up fee and an annual fee."),
    "mx-merida": ("area_guide", "es", "MX", "mx/merida", "Mérida: guía de zona",
        "El centro histórico de Mérida atrae a jubilados extranjeros que restauran casonas coloniales. El norte reúne "
        "fraccionamientos privados, colegios y plazas comerciales."),
}
ADVERTS = (
    ("CO", "co/bogota", "sale", "Apartamento con piscina", "Apartamento luminoso con piscina y gimnasio en conjunto."),
    ("CO", "co/medellin", "rent", "Casa campestre", "Casa campestre tranquila con jardín grande."),
    ("ES", "es/barcelona", "sale", "Piso con vistas", "Piso alto con terraza y vistas al mar."),
    ("ES", "es/barcelona", "sale", "Piso sin texto", ""),
)


def document(id_: str) -> Document:
    kind, language, country, area_id, title, text = DOCUMENTS[id_]
    return Document(
        tenant_id="default", id=id_, source="test", external_id=id_, title=title, language=language, kind=kind,
        country=country, area_id=area_id, published_on=date(2026, 10, 1), text=text, attribution="Editorial de prueba",
        url=f"https://example.org/{id_}", demo=True, fingerprint=f"{id_}-1",
    )


def listing(number: int) -> Listing:
    country, city_id, operation, title, text = ADVERTS[number]
    return Listing(
        tenant_id="default", source="test", external_id=str(number), operation=operation, property_type="apartment",
        country=country, city_id=city_id, area_id=city_id, title=title, text=text, price=1000.0, currency="EUR",
        first_seen=date(2026, 1, 1), observed_on=date(2026, 1, 1), fingerprint=f"listing-{number}-1",
    )
