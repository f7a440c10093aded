"""A command of the program, and its help: options in groups under headings, in plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from typer.core import TyperCommand

from batch_enroll.settings.declaration import Panel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import typer
    from typer._click import Context, HelpFormatter

_ARGUMENTS: Final = "Arguments"
_OPTIONS: Final = "Options"
_FEW: Final = 8  # so many options are one list
_TYPE: Final = re.compile(r" <[^>]*>$")


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the name that is typed, what it does in one line, its help, and the function that runs it."""

    name: str
    short_help: str
    help: str
    epilog: str
    function: Callable[..., object]

    def add_to(self, app: typer.Typer) -> None:
        """Adds the command to the program."""
        app.command(self.name, cls=GroupedHelp, help=self.help, short_help=self.short_help, epilog=self.epilog)(
            self.function
        )


class GroupedHelp(TyperCommand):
    """Writes options under the headings of their panels; typer does so only with the library rich, in boxes."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Writes arguments, the command's own options, then the others by panel, all in the same two columns."""
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in (_ARGUMENTS, _OPTIONS, *Panel)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and parameter.param_type_name == "argument":
                sections[_ARGUMENTS].append((_TYPE.sub("", record[0]), record[1]))
            elif record is not None:
                sections[getattr(parameter, "rich_help_panel", None) or _OPTIONS].append(record)
        _write_sections(formatter, _join_few(sections))


def _join_few(sections: Mapping[str, Sequence[tuple[str, str]]]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Returns one list of options instead of headings over one or two of them."""
    options = [record for name, records in sections.items() if name != _ARGUMENTS for record in records]
    options.sort(key=lambda record: record[0].startswith("-h,"))  # the help option comes last
    return sections if len(options) > _FEW else {_ARGUMENTS: sections[_ARGUMENTS], _OPTIONS: options}


def _write_sections(formatter: HelpFormatter, sections: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    width = max(len(name) for name, _ in chain.from_iterable(sections.values()))
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in records])
