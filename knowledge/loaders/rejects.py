"""Rows that cannot be loaded, with all their reasons, in both languages in one text (the table keeps one)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


#: Names and ids are keys; an index of PostgreSQL takes at most some 2,700 bytes.
NAME_LIMIT = 250


class Reject(NamedTuple):
    """`row` is the 1-based data row of the file; `raw` the row as it stands there."""

    row: int
    reason: str
    raw: dict[str, Any]


class Rejections:
    """Collects reasons while columns are checked; only rejected rows are ever touched one by one."""

    def __init__(self) -> None:
        self._reasons: dict[int, list[str]] = {}

    def add(self, bad: pd.Series, column: str, shown: pd.Series, en: str, es: str) -> None:
        """Reject the rows where `bad`, naming the column, the value `shown` and what was expected."""
        import pandas as pd

        for row in bad.index[bad.to_numpy(dtype=bool)]:
            value = shown.loc[row]
            value = value.item() if hasattr(value, "item") else value
            missing = value is None or value is pd.NA or value != value or value == ""
            told = "(missing / falta)" if missing else repr(value)[:80]
            self._reasons.setdefault(int(row), []).append(f"{column} = {told}: {en} / {es}")

    def add_long(self, column: str, names: pd.Series) -> None:
        """Reject the rows whose name or id is too long for a key."""
        long = names.map(lambda name: isinstance(name, str) and len(name) > NAME_LIMIT).astype(bool)
        self.add(long, column, names, f"longer than {NAME_LIMIT} characters", f"tiene más de {NAME_LIMIT} caracteres")

    def __contains__(self, row: int) -> bool:
        return row in self._reasons

    def __len__(self) -> int:
        return len(self._reasons)

    @property
    def rows(self) -> list[int]:
        return sorted(self._reasons)

    def reason(self, row: int) -> str:
        return "; ".join(self._reasons[row])

    def listed(self, frame: pd.DataFrame) -> list[Reject]:
        """The rejected rows with their content in `frame`, by row number."""
        from knowledge.loaders.reading import raw_row

        return [Reject(row, self.reason(row), raw_row(frame, row)) for row in self.rows]
