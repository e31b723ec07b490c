"""The tables of several releases folded into one, and taken apart again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from folding import Rows, fold, order, unfold, unfolded

VERSIONS = ["1.9", "1.10", "2.0.1", "3.0"]
ROWS = st.dictionaries(
    st.sampled_from(["bind", "workers"]),
    st.fixed_dictionaries({"type": st.sampled_from(["int", "str"])}, optional={"default": st.integers(0, 1)}),
)


def test_a_setting_that_every_release_has_alike_needs_no_version() -> None:
    assert fold([("1.0", {"bind": {"type": "str"}}), ("2.0", {"bind": {"type": "str"}})]) == {"bind": {"type": "str"}}


def test_a_setting_that_came_later_has_a_first_release() -> None:
    assert fold([("1.0", {}), ("2.0", {"bind": {"type": "str"}}), ("3.0", {"bind": {"type": "str"}})]) == {
        "bind": {"type": "str", "since": "2.0"}
    }


def test_a_setting_that_went_away_is_as_the_last_release_had_it() -> None:
    assert fold([("1.0", {"debug": {"default": 0}}), ("2.0", {"debug": {"default": 1}}), ("3.0", {})]) == {
        "debug": {"default": 1, "until": "3.0", "was": [{"until": "2.0", "default": 0}]}
    }


def test_releases_are_put_in_order() -> None:
    assert fold([("1.10", {"bind": {"type": "str"}}), ("1.9", {})]) == {"bind": {"type": "str", "since": "1.10"}}


def test_only_cells_that_were_otherwise_are_told_again() -> None:
    folded = fold(
        [
            ("1.0", {"proxy": {"type": "bool", "takes": 0}}),
            ("2.0", {"proxy": {"type": "bool", "takes": 1}}),
            ("3.0", {"proxy": {"type": "str", "takes": 1, "const": "auto"}}),
        ]
    )
    assert folded["proxy"]["was"] == [{"until": "2.0", "takes": 0}, {"until": "3.0", "const": None, "type": "bool"}]


def test_a_setting_may_be_left_out_for_a_while() -> None:
    row = fold([("1", {"strip": {"default": 0}}), ("2", {}), ("3", {"strip": {"default": 0}})])["strip"]
    assert row["was"] == [{"until": "2"}, {"until": "3", "missing": True}]
    assert [unfold(row, version) for version in ("1", "2", "3")] == [{"default": 0}, None, {"default": 0}]


def test_what_a_program_tells_of_its_releases_is_kept() -> None:
    assert fold([("2.0", {"bind": {"type": "str", "since": "1.5"}})]) == {"bind": {"type": "str", "since": "1.5"}}


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_each_release_comes_out_as_it_went_in(tables: list[Rows]) -> None:
    snapshots = list(zip(VERSIONS, tables, strict=False))
    folded = fold(snapshots)
    for version, rows in snapshots:
        assert unfolded(folded, version) == rows


def test_releases_compare_by_their_numbers() -> None:
    assert sorted(["0.9.0", "0.10.0", "0.10"], key=order) == ["0.9.0", "0.10", "0.10.0"]
