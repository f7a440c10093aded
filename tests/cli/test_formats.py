"""A roster format is listed wherever a person looks for it, and adding one takes one file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.e2e_cli import COVERAGE
from support.exports import EXPORTS
from support.paths import PROJECT, README
from support.roster_files import opened, write_bundle, write_csv

import batch_enroll
from batch_enroll.core.roster.formats import BUNDLES, FORMATS

ADDED = '''
"""An invented student information system."""

from batch_enroll.core.roster.roster_format import BundleFormat, EnrollmentFile, NameFile, TermFile

FORMAT = BundleFormat(
    name="invented",
    title="Invented SIS",
    order=900,
    recognized_by=(("groupkey",), ("pupilkey",)),
    enrollments=(
        EnrollmentFile(
            file="memberships.csv",
            fields={"class_id": ("groupkey",), "user_id": ("pupilkey",)},
            role="student",
            people=("pupils.csv",),
        ),
    ),
    classes="groups.csv",
    class_columns={
        "class_id": ("groupkey",), "course_id": ("subject",), "class_school": ("house",), "terms": ("periods",)
    },
    person_columns={"user_id": ("pupilkey",)},
    person_names={},
    course_names=NameFile(file="groups.csv", ids=("subject",), fields={}),
    terms=TermFile(file="periods.csv", ids=("period",), begins=("firstday",)),
)
'''
ADDED_TABLE = '''
"""An invented upload file."""

from batch_enroll.core.roster.roster_format import NumberedColumns, TableFormat

FORMAT = TableFormat(
    name="invented-upload",
    title="Invented upload",
    order=901,
    numbered=NumberedColumns(
        fields={"course_id": ("klass",), "role": ("rank",)},
        words={"rank": {"A": "student", "B": "teacher"}},
        period="",
        once={"pupil": "user_id"},
    ),
)
'''
UPLOAD = [("pupil", "klass1", "rank1", "klass2", "rank2"), ("p1", "ART", "A", "BIO", "B")]
EXPORT = {
    "memberships.csv": "Group_Key,Pupil_Key\ng1,p1\ng9,p1\n",
    "groups.csv": "Group_Key,Subject,House,Periods\ng1,ART,north,fall\n",
    "pupils.csv": "Pupil_Key\np1\n",
    "periods.csv": "Period,First_Day\nfall,2026-09-01\n",
}
READ = """
import sys
from batch_enroll.settings import Needs, load
from batch_enroll.wiring.rosters import open_rosters
source = open_rosters(load({}, needs=Needs.ROSTER), [sys.argv[1]])
rows = list(source.rows())
print(source.refs()[0].read_as)
for row in rows:
    print(row.problem or " ".join(row.fields.values()))
"""


def run(*arguments: str, package: Path = PROJECT, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(COVERAGE)}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *arguments],
        cwd=package,
        env={**kept, "PYTHONPATH": str(package), "COLUMNS": "400", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def help_of(command: str, package: Path = PROJECT) -> str:
    return " ".join(run("-m", "batch_enroll", command, "--help", package=package).replace("│", " ").split())


def completed(package: Path = PROJECT) -> list[str]:
    return run(
        "-m",
        "batch_enroll",
        package=package,
        _BATCH_ENROLL_COMPLETE="complete_bash",
        COMP_WORDS="batch-enroll check --format ",
        COMP_CWORD="3",
    ).split()


def test_help_and_completion_list_every_format() -> None:
    assert all(", ".join(FORMATS) in help_of(command) for command in ("run", "sync"))
    assert completed() == list(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_readme_describes_every_format(name: str) -> None:
    assert f"(`{name}`) |" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_an_export_that_is_recognized(name: str, tmp_path: Path) -> None:
    files = EXPORTS[name]
    path = tmp_path / "export"
    if name in BUNDLES:
        write_bundle(path, files)
    else:
        ((_, text),) = files.items()
        path = write_csv(tmp_path / "export.csv", [line.split(",") for line in text.splitlines()])
    source = opened(path)
    assert source.refs()[0].read_as.startswith(FORMATS[name].title)
    assert any(row.problem is None for row in source.rows())


def test_a_format_is_added_by_one_file(tmp_path: Path) -> None:
    package = tmp_path / "copy"
    shutil.copytree(
        Path(batch_enroll.__file__).parent, package / "batch_enroll", ignore=shutil.ignore_patterns("__pycache__")
    )
    folder = package / "batch_enroll/core/roster/formats"
    (folder / "invented.py").write_text(ADDED, encoding="utf-8")
    (folder / "invented_upload.py").write_text(ADDED_TABLE, encoding="utf-8")
    export, upload = write_bundle(tmp_path / "export", EXPORT), write_csv(tmp_path / "upload.csv", UPLOAD)
    assert run("-c", READ, str(export), package=package).splitlines() == [
        "Invented SIS (memberships.csv, groups.csv, pupils.csv, periods.csv)",
        "student g1 p1 ART north 2026-09-01",
        'Group_Key: "g9" is not in groups.csv',
    ]
    assert run("-c", READ, str(upload), package=package).splitlines() == [
        "Invented upload, one enrollment for each numbered course",
        "p1 ART student",
        "p1 BIO teacher",
    ]
    names = [*FORMATS, "invented", "invented-upload"]
    assert ", ".join(names) in help_of("run", package)
    assert completed(package) == names
