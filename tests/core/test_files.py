"""Files written whole: the new one takes the old one's place at the end, or the old one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import written_whole


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")
    with written_whole(out) as fresh:
        fresh.write_text("new")
        assert out.read_text() == "old"
    assert out.read_text() == "new"
    assert list(tmp_path.iterdir()) == [out]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old")

    def interrupted() -> None:
        with written_whole(out) as fresh:
            fresh.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    there.write_text("old")
    link.symlink_to(there)
    with written_whole(link) as fresh:
        fresh.write_text("new")
    assert link.is_symlink()
    assert there.read_text() == "new"
