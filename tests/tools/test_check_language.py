from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import check_language
import pytest

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """
checked = [{checked}]
not_yet_clean = [{unclean}]
allowed = [
  {{ text = "gizmo_from", reason = "a column" }},
  {{ text = "an old gizmo", reason = "a quotation" }},
  {{ text = "gizmos", path = "{folder}/public.py", reason = "a route" }},
]
phrases = [{{ not = 'gizmos?', but = '"device"' }}, {{ not = 'runs off', but = '"leaves"' }}]
"""


def rules_in(folder: Path, *, checked: str = "", unclean: str = "") -> check_language.Rules:
    """Rules about `gizmo` and `runs off`, for files of the folder."""
    places = {"checked": checked and f'"{folder / checked}"', "unclean": unclean and f'"{folder / unclean}"'}
    file = folder / "table.toml"
    file.write_text(TABLE.format(folder=folder, **places), encoding="utf-8")
    return check_language.read_rules(file)


def found(folder: Path, source: str, name: str = "module.py") -> list[tuple[int, str]]:
    """The line and text of each violation in a file with this content."""
    file = folder / name
    file.write_text(dedent(source), encoding="utf-8")
    return [(violation.line, violation.found) for violation in rules_in(folder).check_file(file)]


@pytest.mark.parametrize(
    "opening", ["What is", "Whether it is", "Who sends", "Which row is", "How the", "When it", "Why"]
)
def test_a_docstring_that_opens_with_an_indirect_question_is_reported_at_its_line(tmp_path: Path, opening: str) -> None:
    source = f'''\
        """A module."""


        class Row:
            """{opening} sent."""
    '''
    assert found(tmp_path, source) == [(5, opening.split(maxsplit=1)[0])]


def test_every_kind_of_docstring_is_read(tmp_path: Path) -> None:
    source = '''\
        """What a module does."""


        class Row:
            """Who it is."""

            async def send(self) -> None:
                """How it is sent."""


        def read() -> None:
            """Which rows there are."""
    '''
    assert found(tmp_path, source) == [(1, "What"), (5, "Who"), (8, "How"), (12, "Which")]


def test_a_noun_a_verb_and_a_question_in_the_middle_are_as_they_must_be(tmp_path: Path) -> None:
    source = '''\
        """Whatever: a noun that begins like a question."""


        def read(path: str, strict: bool) -> bool:
            """Returns true if the file can be read, and says how.

            Args:
                path: where the file is.
                strict: whether a problem is an error.
            """
            return "What now?" == path
    '''
    assert found(tmp_path, source) == []


def test_a_phrase_is_found_in_docstrings_comments_strings_and_names_at_its_line(tmp_path: Path) -> None:
    source = '''\
        """A module.

        It holds a Gizmo.
        """

        # Nothing to see,
        # and then a gizmo.
        text = f"{1} gizmos"
        sql = """
            SELECT 1;
            SELECT gizmo
        """


        class GizmoReader:
            def __init__(self, gizmo: int) -> None:
                self.old_gizmos = gizmo  # gizmo


        def test_a_row_runs_off() -> None:
            first_gizmo, _ = 1, 2
    '''
    assert found(tmp_path, source) == [
        (3, "Gizmo"),
        (7, "gizmo"),
        (8, "gizmos"),
        (11, "gizmo"),
        (15, "GizmoReader"),
        (16, "gizmo"),
        (17, "old_gizmos"),
        (17, "gizmo"),
        (20, "test_a_row_runs_off"),
        (21, "first_gizmo"),
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("module.py", '"""A row that runs\noff."""\n'),
        ("module.py", "# A row that runs\n# off.\n"),
        ("module.py", 'text = "it runs " "off"\n'),
        ("page.md", "A row runs\noff.\n"),
        ("Makefile", "run: ## what runs off\n"),
    ],
)
def test_a_phrase_is_found_across_line_breaks_and_in_every_kind_of_file(tmp_path: Path, name: str, source: str) -> None:
    assert found(tmp_path, source, name) == [(1, "runs off")]


def test_a_word_inside_another_and_the_use_of_a_name_are_not_reported(tmp_path: Path) -> None:
    assert found(tmp_path, "from devices import gizmo\n\nprint(gizmo, 'gizmology')\n") == []


def test_a_phrase_is_allowed_inside_the_allowed_text_and_nowhere_else(tmp_path: Path) -> None:
    source = """\
        gizmo_from = "gizmo_from"
        text = "an old gizmo"
        text = "an old gizmo, a new gizmo"
        text = "old gizmo"
    """
    assert found(tmp_path, source) == [(3, "gizmo"), (4, "gizmo")]


def test_a_phrase_can_be_allowed_in_one_file(tmp_path: Path) -> None:
    assert found(tmp_path, 'ROUTE = "/gizmos"\n', "public.py") == []
    assert found(tmp_path, 'ROUTE = "/gizmos"\n', "other.py") == [(1, "gizmos")]


def test_a_whole_check_leaves_out_what_is_listed_as_unclean(tmp_path: Path) -> None:
    (tmp_path / "rows" / "old").mkdir(parents=True)
    for file in ("rows/a.py", "rows/old/b.py"):
        (tmp_path / file).write_text("# a gizmo, an old gizmo, gizmo_from\n", encoding="utf-8")
    (tmp_path / "rows" / "data.csv").write_text("gizmo", encoding="utf-8")
    lines, _ = check_language.check_all(rules_in(tmp_path, checked="rows", unclean="rows/old"))
    assert lines == [
        f'{tmp_path}/rows/a.py:1: "gizmo": write "device"',
    ]


def test_exceptions_that_are_not_needed_any_more_are_reported(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.py").write_text("gizmo_from = 1\n", encoding="utf-8")
    lines, notes = check_language.check_all(rules_in(tmp_path, checked="rows", unclean="rows"))
    assert lines == []
    assert notes == [
        f"language.toml: {tmp_path}/rows is clean; remove it from not_yet_clean",
        'language.toml: "an old gizmo" is not needed in allowed',
        'language.toml: "gizmos" is not needed in allowed',
    ]


def test_a_named_folder_is_checked_and_sets_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "module.py"
    file.write_text('"""What it is."""\n', encoding="utf-8")
    assert check_language.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == (
        f'{file}:1: "What": open the docstring with a noun or a verb in the third person\n'
    )
    file.write_text('"""A module."""\n', encoding="utf-8")
    assert check_language.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_the_rules_of_the_repository_can_be_read() -> None:
    rules = check_language.read_rules()
    assert rules.phrases
    assert all(path.exists() for path in rules.checked)
