// How figures and dates look: 1.234,56 in Spain and Colombia, 1,234.56 in Mexico and in English.
// The same rules as the server's; used only for what the server did not write out (intervals, axis ticks).

const CURRENCY_OF = { CO: "COP", ES: "EUR", MX: "MXN" };

/** One of es-CO, es-ES, es-MX, en: the reader's country, else the one of the figure's currency. */
export function localeOf(language, country, currency) {
  if (language === "en") return "en";
  const place = country ?? Object.keys(CURRENCY_OF).find((code) => CURRENCY_OF[code] === currency) ?? "CO";
  return `es-${place}`;
}

export function number(value, locale, most = 2, least = 0) {
  return new Intl.NumberFormat(locale, { useGrouping: "always", maximumFractionDigits: most, minimumFractionDigits: least }).format(value);
}

function money(value, currency, locale) {
  const digits = Math.abs(value) < 100 ? 2 : 0;
  const body = number(Math.abs(value), locale, digits, digits);
  const sign = value < 0 ? "-" : "";
  if (currency === "EUR") return locale === "en" ? `${sign}€${body}` : `${sign}${body}\u00a0€`;
  if (locale !== "en" && CURRENCY_OF[locale.slice(3)] === currency) return `${sign}$${body}`;
  return currency ? `${sign}${currency}\u00a0${body}` : sign + body;
}

/** A fact's number with its unit; a text fact as it is. */
export function figure(value, fact, locale) {
  if (typeof value !== "number") return String(value);
  const es = locale !== "en";
  switch (fact.unit) {
    case "money": return money(value, fact.currency, locale);
    case "money_per_m2": return `${money(value, fact.currency, locale)}/m²`;
    case "percent": return `${number(value, locale, 2)}\u00a0%`;
    case "m2": return `${number(value, locale, 1)}\u00a0m²`;
    case "km": case "m": return `${number(value, locale, 1)}\u00a0${fact.unit}`;
    case "years": return `${number(value, locale, 1)} ${es ? "años" : "years"}`;
    case "months": return `${number(value, locale, 1)} ${es ? "meses" : "months"}`;
    case "days": return `${number(value, locale, 0)} ${es ? "días" : "days"}`;
    case "year": return String(value);
    case "rate": return number(value, locale, 4);
    default: return number(value, locale, 2);
  }
}

/** "2024-03-05", "2024-03", "2024-Q1" or "2024" for people; anything else unchanged. */
export function period(iso, language) {
  const text = String(iso);
  const quarter = /^(\d{4})-?[QT]([1-4])$/.exec(text);
  if (quarter) return language === "en" ? `Q${quarter[2]} ${quarter[1]}` : `${quarter[2]}.º trimestre de ${quarter[1]}`;
  const parts = /^(\d{4})-(\d{2})(?:-(\d{2}))?/.exec(text);
  if (!parts) return text;
  const date = new Date(Date.UTC(+parts[1], +parts[2] - 1, +(parts[3] ?? 1)));
  const shape = { year: "numeric", month: "long", timeZone: "UTC", ...(parts[3] ? { day: "numeric" } : {}) };
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "es-CO", shape).format(date);
}

export function clock(date, language) {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "es-ES", { hour: "2-digit", minute: "2-digit" }).format(date);
}

export function longDay(date, language) {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "es-ES", { weekday: "long", day: "numeric", month: "long" }).format(date);
}
