"""Declares options: one attribute gives a setting, a flag with help and completion, a keyword and a reference entry.

An option is an attribute of a class that `declare` decorates, with an `Option` among the metadata of its type:

    @declare(Panel.SENDING)
    class Sending:
        rate: Annotated[PositiveNumber | None, Option("Send at most R requests per second.", metavar="R")] = None

The attribute's name is the setting's name, its type checks the value, and its value is the default. Nothing here
depends on the code that uses options, so that `--help` can read them without loading it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")


class Panel(StrEnum):
    """Headings under which help and reference show options, in their order."""

    SERVER = "Server"
    ROSTER = "Reading the roster"
    ROW_DEFAULTS = "Rows without a value of their own"
    SENDING = "Sending"
    SAFETY = "Safety"
    GUARDS = "Limits of the guards"
    OUTPUT = "Output"
    LEDGER = "Ledger and settings"
    UNATTENDED = "Unattended runs (see also the settings notify and ping_url)"
    REHEARSAL = "Rehearsal (--env sandbox)"


@dataclass(frozen=True, slots=True)
class Option:
    """One option, as people see it. `list_options` fills in the last four from the attribute.

    Attributes:
        help: the meaning in one or two sentences, without the default.
        metavar: stands for the value in help; empty for a flag without a value.
        flag: the flag as it is typed; empty: made from the name; None: there is no flag.
        variables: environment variables, of which the first that is set counts; empty: BATCH_ENROLL_<NAME>.
        default_text: the default in words, where the value itself does not show it.
        choices: returns the values to complete, or pairs of a value and its title; None: the values of the type.
        recorded: true if the value belongs to a run and is restored when the run is resumed.
        former_name: an older name of the setting, which is still read from variables and files.
        name: the name of the setting.
        kind: the type of the setting, with its checks.
        panel: the heading under which it appears.
        default: the value if none is given.
    """

    help: str
    metavar: str = ""
    flag: str | None = ""
    variables: tuple[str, ...] = ()
    default_text: str = ""
    choices: Callable[[], Sequence[str | tuple[str, str]]] | None = None
    recorded: bool = False
    former_name: str = ""
    name: str = ""
    kind: Any = str
    panel: Panel = Panel.OUTPUT
    default: object = None

    @property
    def described(self) -> str:
        """The meaning, then the default unless it is the absence of a value."""
        return f"{self.help} Default: {self.default_shown}." if self.default_shown else self.help

    @property
    def default_shown(self) -> str:
        """The default in words; empty if there is none to show."""
        if self.default_text or self.default is None or self.default is False or self.default in ("", ()):
            return self.default_text
        return f"{self.default:,g}" if isinstance(self.default, float) else str(self.default)

    @property
    def is_switch(self) -> bool:
        """True for a flag without a value."""
        return strip_type(self.kind) is bool

    @property
    def is_repeatable(self) -> bool:
        """True if the flag may be given several times."""
        return get_origin(strip_type(self.kind)) in {dict, tuple}

    @property
    def has_choices(self) -> bool:
        """True if the shell can complete the value."""
        return self.choices is not None or bool(_list_members(self.kind))

    def list_choices(self) -> list[str]:
        """Returns the values that the option takes; empty if they cannot be listed."""
        return [each if isinstance(each, str) else each[0] for each in self.list_completions()]

    def list_completions(self) -> list[str | tuple[str, str]]:
        """Returns the values as the shell shows them, with their titles if there are any."""
        return [*(_list_members(self.kind) if self.choices is None else self.choices())]


def _list_members(kind: object) -> list[str]:
    """Returns the values of a type that has few."""
    bare = strip_type(kind)
    if get_origin(bare) is Literal:
        return [str(choice) for choice in get_args(bare)]
    return list(bare) if isinstance(bare, type) and issubclass(bare, StrEnum) else []


_DECLARED: Final[dict[type, tuple[Option, ...]]] = {}


def declare(panel: Panel) -> Callable[[type[T]], type[T]]:
    """Makes the attributes of a class options that appear under a heading."""

    def register(group: type[T]) -> type[T]:
        _DECLARED[group] = tuple(_read_options(group, panel))
        return group

    return register


def _read_options(group: type, panel: Panel) -> Iterator[Option]:
    for name, hint in get_type_hints(group, include_extras=True).items():
        for option in getattr(hint, "__metadata__", ()):
            if isinstance(option, Option):
                flag = "--" + name.replace("_", "-") if option.flag == "" else option.flag
                names = (name, option.former_name) if option.former_name else (name,)
                variables = option.variables or tuple(f"BATCH_ENROLL_{each.upper()}" for each in names)
                default = getattr(group, name, None)
                yield replace(
                    option, name=name, kind=hint, panel=panel, flag=flag, variables=variables, default=default
                )


def list_options(groups: Iterable[type]) -> tuple[Option, ...]:
    """Returns the options of the classes that were declared with `declare`; other classes have none."""
    return tuple(option for group in groups for option in _DECLARED.get(group, ()))


def strip_type(kind: Any) -> Any:  # noqa: ANN401 - types of any kind
    """Returns a type without metadata and without None."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = get_args(kind)[0]
    return kind


def list_in_words(names: Sequence[str]) -> str:
    """Returns `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
