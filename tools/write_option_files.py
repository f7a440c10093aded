"""Writes what is made from the declared options: settings reference, keywords of `enroll`, a table of the README.

python tools/write_option_files.py          # writes them
python tools/write_option_files.py --check  # names those that are not up to date, and exits with 1 if there are any
"""

from __future__ import annotations

import sys
import textwrap
from datetime import date
from itertools import groupby
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from batch_enroll.settings.declaration import Option, Panel, list_in_words, list_options, strip_type
from batch_enroll.settings.model import OPTIONS
from batch_enroll.settings.options.safety import Overriding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = ROOT / "docs" / "settings.md"
KEYWORDS: Final = ROOT / "batch_enroll" / "settings" / "enroll_options.py"
README: Final = ROOT / "README.md"
TOOL: Final = "tools/write_option_files.py"

_TABLE_START: Final = "<!-- variables: written by tools/write_option_files.py -->\n"
_TABLE_END: Final = "<!-- end of variables -->\n"
_ARGUMENTS: Final = list_options([Overriding])  # of one call, so neither variables nor keys
_BOUNDS: Final = {"gt": "more than {}", "ge": "at least {}", "lt": "less than {}", "le": "at most {}"}
_KEYWORD_TYPES: Final[dict[object, str]] = {
    Path: "str | os.PathLike[str]",
    date: "str | date",
    SecretStr: "str",
    tuple[str, ...]: "Sequence[str]",
    tuple[SecretStr, ...]: "Sequence[str]",
    dict[str, str]: "Mapping[str, str]",
}


# -- the reference --------------------------------------------------------------------------------------------------


def format_reference() -> str:
    """Returns the text of `docs/settings.md`."""
    return "".join(_format_sections())


def _format_sections() -> Iterator[str]:
    yield textwrap.dedent(f"""\
        <!-- Written by {TOOL} from batch_enroll/settings/options; do not edit. -->

        # Settings

        A value is looked for in the flags of the command, then in environment variables, then in `batch-enroll.toml`
        (in the current folder, or the file of `--config`), and then in the defaults. In the file a key may be written
        with `-` or `_`; keys in a table such as `[env.staging]` count for that environment only. A flag that may be
        repeated is a list or a table in the file. All problems are reported at once, each with the origin of its value.
        `batch-enroll doctor` shows which settings are not the default, and where each was found.

        A keyword of `batch_enroll.enroll` has the name of the key.
        """)
    for panel, options in groupby(sorted(_list_all(), key=_rank_panel), key=lambda option: option.panel):
        yield f"\n## {panel.split(' (see', maxsplit=1)[0]}\n"
        for option in options:
            yield "\n" + "".join(f"{line}\n" for line in format_option(option))


def _list_all() -> list[Option]:
    return [*OPTIONS.values(), *_ARGUMENTS]


def _rank_panel(option: Option) -> int:
    return list(Panel).index(option.panel)


def format_option(option: Option) -> list[str]:
    """Returns the lines of the reference about one option."""
    meaning = textwrap.wrap(option.help, 120, break_on_hyphens=False)
    return [f"### {option.name}", "", *meaning, "", *(f"- {name}: {text}" for name, text in _list_facts(option))]


def _list_facts(option: Option) -> Iterator[tuple[str, str]]:
    if option.flag is not None:
        yield "flag", f"`{option.flag}{f' {option.metavar}' if option.metavar else ''}`"
    if option not in _ARGUMENTS:
        yield "variable", ", ".join(f"`{name}`" for name in option.variables)
        if option.name != "config":
            yield "key", _format_key(option)
    yield "value", describe_type(option)
    yield "default", option.default_shown or ("false" if option.is_switch else "none")


def _format_key(option: Option) -> str:
    if option.panel is Panel.GUARDS:
        former = f" (formerly `{_trim(option.former_name)}`)" if option.former_name else ""
        return f"`{_trim(option.name)}` in the table `[guards]`{former}"
    return f"`{option.name}`"


def _trim(name: str) -> str:
    return name.removeprefix("guard_")


def describe_type(option: Option) -> str:
    """Returns in words which values an option takes."""
    if choices := _list_fixed(option):
        return list_in_words([f"`{choice}`" for choice in choices])
    kind = date if option.metavar == "DATE" else strip_type(option.kind)
    if kind in {int, float}:
        bounds = " and ".join(_describe_bounds(option.kind))
        return f"{'a whole number' if kind is int else 'a number'}{f', {bounds}' if bounds else ''}"
    words: dict[object, str] = {
        bool: "true or false",
        Path: "a path",
        date: "a date, as YYYY-MM-DD",
        tuple[str, ...]: "texts",
        dict[str, str]: f"pairs such as `{option.metavar}`",
        SecretStr: "text, hidden in all output",
        tuple[SecretStr, ...]: "texts, hidden in all output",
    }
    return words.get(kind, "text")


def _list_fixed(option: Option) -> list[str]:
    """Returns the values of an option that takes no others."""
    return option.list_choices() if option.has_choices and not option.is_repeatable else []


def _describe_bounds(kind: Any) -> Iterator[str]:  # noqa: ANN401 - types of any kind
    """Yields the limits of a number, however deep they are in its type."""
    for part in get_args(kind):
        if isinstance(part, FieldInfo):
            yield from _read_bounds(part.metadata)
        elif get_origin(part) in {Annotated, Union, UnionType}:
            yield from _describe_bounds(part)


def _read_bounds(metadata: Iterable[object]) -> Iterator[str]:
    for rule in metadata:
        for name, words in _BOUNDS.items():
            if (limit := getattr(rule, name, None)) is not None:
                yield words.format(f"{limit:,}")


# -- the keywords of enroll -----------------------------------------------------------------------------------------


def format_keywords() -> str:
    """Returns the module with the TypedDict of the keywords of `enroll`."""
    return textwrap.dedent(f'''\
        """The keywords of `enroll`, for type checkers. Written by {TOOL}; do not edit."""

        from __future__ import annotations

        import os  # noqa: TC003 - programs read the annotations
        from collections.abc import Mapping, Sequence  # noqa: TC003 - programs read the annotations
        from datetime import date  # noqa: TC003 - programs read the annotations
        from typing import Literal, TypedDict


        class EnrollOptions(TypedDict, total=False):
            """Options of `enroll`: the flags of `batch-enroll run` and the keys of `batch-enroll.toml`."""
        ''') + "".join(format_keyword(option) for option in _list_all())


def format_keyword(option: Option) -> str:
    """Returns the lines of one keyword."""
    text = option.described.replace("\\", "\\\\")
    lines = textwrap.wrap(f'"""{text}"""', 116, break_on_hyphens=False)
    return f"\n    {option.name}: {_format_type(option)}\n" + "".join(f"    {line}\n" for line in lines)


def _format_type(option: Option) -> str:
    kind = strip_type(option.kind)
    if option.name == "find":
        return "Mapping[str, str] | str"
    if option.metavar == "DATE":
        return "str | date"
    if get_origin(kind) is Literal:
        return f"Literal[{', '.join(repr(choice).replace(chr(39), chr(34)) for choice in get_args(kind))}]"
    if kind in {bool, int, float}:
        return str(kind.__name__)
    return _KEYWORD_TYPES.get(kind, "str")


# -- the README -----------------------------------------------------------------------------------------------------


def format_variables() -> str:
    """Returns the table of variables in the README."""
    own = [option for option in OPTIONS.values() if not option.variables[0].startswith("BATCH_ENROLL_")]
    named = [OPTIONS["state"], OPTIONS["ledger_url"]]
    rows = [(", ".join(f"`{name}`" for name in option.variables), option.help) for option in (*own, *named)]
    rows.append(("`BATCH_ENROLL_<NAME>`", "Any other setting, such as `BATCH_ENROLL_RATE`."))
    lines = ["| variable | sets |", "|---|---|", *(f"| {names} | {text} |" for names, text in rows)]
    return "".join(f"{line}\n" for line in lines)


def replace_table(page: str, table: str) -> str:
    """Returns a page with the table between its marks."""
    before, rest = page.split(_TABLE_START)
    return f"{before}{_TABLE_START}{table}{_TABLE_END}{rest.split(_TABLE_END)[1]}"


# -------------------------------------------------------------------------------------------------------------------


def format_files() -> dict[Path, str]:
    """Returns each file with its text."""
    readme = replace_table(README.read_text(encoding="utf-8"), format_variables())
    return {REFERENCE: format_reference(), KEYWORDS: format_keywords(), README: readme}


def find_outdated() -> list[Path]:
    """Returns the files whose text on disk is another one."""
    return [path for path, text in format_files().items() if not path.exists() or path.read_text("utf-8") != text]


def main() -> int:
    """Writes the files, or checks them; returns the exit status."""
    outdated = find_outdated()
    for path in outdated:
        sys.stdout.write(f"{path.relative_to(ROOT)}: {'not up to date' if '--check' in sys.argv else 'written'}\n")
    if "--check" in sys.argv:
        return int(bool(outdated))
    for path, text in format_files().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
