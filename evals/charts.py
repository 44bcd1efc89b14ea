"""Charts of the report as inline SVG: shapes and classes, no style attribute and no script, so that a strict page shows them.

Colours come from the page's style sheet. Each chart is described in words for whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 26, 16, 46
_SHADES = 5
Text = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where values from 0 to `top` stand on a side of the picture, and what they are called."""

    label: str
    top: float
    text: Text

    def ticks(self, count: int = 4) -> list[float]:
        return [self.top * at / count for at in range(count + 1)]


def _x(axis: Axis, value: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * min(value, axis.top) / axis.top, 1)


def _y(axis: Axis, value: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(value, axis.top) / axis.top, 1)


def _frame(title: str, across: Axis, up: Axis, inside: Markup) -> Markup:
    lines = Markup("").join(
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/><text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(_LEFT, WIDTH - _RIGHT, _LEFT - 6, _y(up, tick) + 4, up.text(tick), y=_y(up, tick))
        for tick in up.ticks()
    )
    below = Markup("").join(
        Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>')
        .format(_x(across, tick), HEIGHT - _BOTTOM + 16, across.text(tick))
        for tick in across.ticks()
    )
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    return Markup(
        '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}"><title>{title}</title>{lines}{below}{inside}'
        '<text class="axis" x="{mid}" y="{low}" text-anchor="middle">{across}</text>'
        '<text class="axis" transform="translate(13 {up_at}) rotate(-90)" text-anchor="middle">{up}</text></svg>'
    ).format(
        w=WIDTH, h=HEIGHT, title=title, lines=lines, below=below, inside=inside, mid=(_LEFT + WIDTH - _RIGHT) / 2,
        low=HEIGHT - 8, across=across.label, up_at=middle, up=up.label,
    )


def steps(title: str, points: Sequence[tuple[float, float]], across: Axis, up: Axis, limit: float, limit_text: str) -> Markup:
    """A line through (x, y) with a dashed line at y = `limit`."""
    path = " ".join(f"{'M' if at == 0 else 'L'}{_x(across, x)} {_y(up, y)}" for at, (x, y) in enumerate(points))
    dots = Markup("").join(
        Markup('<circle class="dot" cx="{}" cy="{}" r="2.5"/>').format(_x(across, x), _y(up, y)) for x, y in points
    )
    inside = Markup(
        '<line class="limit" x1="{}" x2="{}" y1="{y}" y2="{y}"/><text class="note" x="{}" y="{}" text-anchor="end">{}</text>'
        '<path class="line" d="{}"/>{}'
    ).format(_LEFT, WIDTH - _RIGHT, WIDTH - _RIGHT, _y(up, limit) - 5, limit_text, path, dots, y=_y(up, limit))
    return _frame(title, across, up, inside)


def bars(title: str, counts: Sequence[int], across: Axis, up: Axis, marks: Mapping[str, float]) -> Markup:
    """A histogram over [0, across.top] with a named line at each of `marks`."""
    width = across.top / len(counts)
    drawn = Markup("").join(
        Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}–{}: {}</title></rect>').format(
            _x(across, at * width) + 0.5, _y(up, count), max(1.0, round(_x(across, width) - _LEFT - 1, 1)),
            round(HEIGHT - _BOTTOM - _y(up, count), 1), across.text(at * width), across.text((at + 1) * width), count,
        )
        for at, count in enumerate(counts) if count
    )
    lines = Markup("").join(
        Markup('<line class="limit" x1="{x}" x2="{x}" y1="{}" y2="{}"/><text class="note" x="{}" y="{}">{}</text>').format(
            _TOP, HEIGHT - _BOTTOM, _x(across, value) + 4, _TOP + 10 + 14 * at, name, x=_x(across, value)
        )
        for at, (name, value) in enumerate(marks.items())
    )
    return _frame(title, across, up, drawn + lines)


def nice(value: float) -> float:
    """The number at or above that four ticks divide well: 1, 2, 4 or 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value * (1 - 1e-9))


def shade(count: int, of: int) -> int:
    """0 (none) to 5 (all): the class of a cell of the confusion matrix."""
    return 0 if not count else max(1, round(_SHADES * count / of))
