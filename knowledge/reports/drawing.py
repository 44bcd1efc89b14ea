"""A chart of an answer as an SVG or PNG file, for reports.

It takes the very data that the page draws (`graphs.evidence.presentable`: `line` with bands, `columns`, `ranges`), so that both
show the same figures, and writes numbers as the reader's country does. matplotlib is imported when something is drawn, with its
figure alone and no window; the file of the same chart is the same, byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, Unavailable
from core.files import written_whole
from core.locale import Locale, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The page's own tones, first to last: brick, slate, ochre, pine.
TONES = ("#a8442a", "#4a5d6b", "#b5812b", "#3f6b52")
_INK, _LINE = "#4a443f", "#ddd6cd"
_SIZE, _DPI = (7.2, 3.6), 160
#: Day 0 of matplotlib's time axis.
_EPOCH = date(1970, 1, 1)
_KINDS = ("line", "columns", "ranges")


def draw(chart: Mapping[str, Any], locale: Locale, out: Path) -> Path:
    """Write `chart` to `out` (.svg or .png by its ending) and return it.

    `chart`: `kind`, `title`, `unit` and `series`, each with `name`, `points` ({x, y, label}) and, where there is one, `band`
    ({x, low, high}). Raises `BadInput` for a kind or an ending that is none of these or a chart without points, `Unavailable`
    where the file cannot be written."""
    kind, ending = str(chart.get("kind")), out.suffix.lower().lstrip(".")
    if ending not in ("svg", "png"):
        raise BadInput(f"A chart cannot be written as {out.name!r}: expected a name that ends in .svg or .png.",
                       f"Un gráfico no se puede escribir como {out.name!r}: se espera un nombre que termine en .svg o .png.")
    series = [each for each in chart.get("series") or () if each.get("points")]
    if kind not in _KINDS or not series:
        known = ", ".join(_KINDS)
        raise BadInput(f"There is no chart to draw of kind {kind!r}: expected {known}, with at least one point.",
                       f"No hay un gráfico que dibujar del tipo {kind!r}: se espera {known}, con al menos un punto.")
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rules = {"svg.hashsalt": "ladrillo", "svg.fonttype": "none", "font.size": 9, "axes.edgecolor": _LINE, "text.color": _INK,
             "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK}
    content = io.BytesIO()
    with rc_context(rules):  # type: ignore[arg-type]  # its keys are a closed type that these belong to
        tall = max(_SIZE[1], 0.32 * len(series[0]["points"]) + 1.2) if kind == "ranges" else _SIZE[1]
        figure = Figure(figsize=(_SIZE[0], tall), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        {"line": _line, "columns": _columns, "ranges": _ranges}[kind](axes, series, locale)
        title, unit = str(chart.get("title") or ""), str(chart.get("unit") or "")
        axes.set_title(f"{title[:1].upper()}{title[1:]}" + (f" ({unit})" if unit else ""), loc="left", fontweight="bold")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if len(series) > 1:
            axes.legend(frameon=False)
        figure.savefig(content, format=ending, dpi=_DPI, metadata={"Date": None} if ending == "svg" else {"Software": None})
    _write(out, content.getvalue())
    return out


def _line(axes: Axes, series: Sequence[Mapping[str, Any]], locale: Locale) -> None:
    """Series over time, each with the band of its interval."""
    for number_of, each in enumerate(series):
        tone = TONES[number_of % len(TONES)]
        axes.plot([_day(p["x"]) for p in each["points"]], [p["y"] for p in each["points"]], color=tone, label=each["name"])
        if band := each.get("band"):
            axes.fill_between([_day(p["x"]) for p in band], [p["low"] for p in band], [p["high"] for p in band],
                              color=tone, alpha=0.18, linewidth=0)
    axes.xaxis_date()
    _numbered(axes.yaxis, locale)
    axes.grid(axis="y", color=_LINE, linewidth=0.7)


def _columns(axes: Axes, series: Sequence[Mapping[str, Any]], locale: Locale) -> None:
    """A bar for each name; those below zero in another tone."""
    points = series[0]["points"]
    axes.bar(range(len(points)), [p["y"] for p in points], color=[TONES[1] if p["y"] < 0 else TONES[0] for p in points])
    every = max(1, len(points) // 10)
    axes.set_xticks(range(0, len(points), every), [str(p["x"]) for p in points[::every]])
    axes.set_ylabel(str(series[0]["name"]))
    axes.axhline(0, color=_INK, linewidth=0.8)
    _numbered(axes.yaxis, locale)


def _ranges(axes: Axes, series: Sequence[Mapping[str, Any]], locale: Locale) -> None:
    """A bar from low to high for each name, the first on top, with a line at the middle they share."""
    points, ends = series[0]["points"], {p["x"]: p for p in series[0].get("band") or ()}
    for row, point in enumerate(points):
        end = ends.get(point["x"], {"low": point["y"], "high": point["y"]})
        axes.barh(row, end["high"] - end["low"], left=end["low"], color=TONES[0], height=0.6)
        for value, side in ((end["low"], "right"), (end["high"], "left")):
            axes.annotate(number(value, locale, 1), (value, row), xytext=(-4 if side == "right" else 4, 0),
                          textcoords="offset points", ha=side, va="center")
    axes.set_yticks(range(len(points)), [str(p["x"]) for p in points])
    axes.invert_yaxis()
    axes.axvline(points[0]["y"], color=_INK, linewidth=1)
    low, high = (pick(end[side] for end in (ends.values() or ({"low": points[0]["y"], "high": points[0]["y"]},)))
                 for pick, side in ((min, "low"), (max, "high")))
    room = 0.12 * ((high - low) or 1)  # for the figures at both ends of the widest bar
    axes.set_xlim(low - room, high + room)
    _numbered(axes.xaxis, locale)


def _numbered(axis: Any, locale: Locale) -> None:
    """Ticks as the reader's country writes them: whole where large, with decimals where small."""
    from matplotlib.ticker import FuncFormatter

    def shown(value: float, _: int | None) -> str:
        return number(value, locale, 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 1 else 2)

    axis.set_major_formatter(FuncFormatter(shown))


def _day(text: str) -> float:
    """`2026`, `2026-09` or `2026-09-01` as the axis counts days."""
    day = date.fromisoformat(f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"[:10])
    return float((day - _EPOCH).days)


def _write(out: Path, content: bytes) -> None:
    try:
        with written_whole(out) as fresh:
            fresh.write_bytes(content)
    except OSError as error:
        raise Unavailable(f"The chart {out} could not be written ({error.strerror}); check the folder and its permissions.",
                          f"No se pudo escribir el gráfico {out} ({error.strerror}); revise la carpeta y sus permisos.",
                          code="not_written") from error
