from __future__ import annotations

import pytest

from batch_enroll.core.roster.bundle_formats import (
    BY_FORMAT,
    RECIPES,
    BundleFormat,
    Format,
    fallback,
    recognize_format,
    wanted_files,
)
from batch_enroll.core.roster.column_alignment import laid, numbered, places, united


def recognised(**headers: str) -> Format | None:
    files = {f"{name}.csv": header.split() for name, header in headers.items()}
    recipe = recognize_format(files, files.__getitem__)
    return None if recipe is None else recipe.format


@pytest.mark.parametrize(
    ("files", "meant"),
    [
        ({"enrollments": "sourcedid classsourcedid usersourcedid role"}, Format.ONEROSTER),
        ({"enrollments": "classsourcedid usersourcedid role"}, Format.SDS_V2),
        ({"enrollments": "classsourcedid usersourcedid role", "manifest": ""}, None),
        ({"enrollments": "schoolid sectionid studentid", "sections": ""}, Format.CLEVER),
        ({"enrollments": "courseid userid role sectionid status"}, Format.CANVAS),
        ({"enrollments": "userid sectionid roleid"}, Format.CANVAS),
        ({"enrollments": "a b"}, None),
        ({"studentenrollment": "sectionsisid sisid"}, Format.SDS_V1),
        ({"teacherroster": "sectionid id"}, Format.SDS_V1),
        ({"studentenrollment": "a b"}, None),
        ({"rosters": "rosterid classid studentid", "classes": ""}, Format.APPLE),
        ({"rosters": "classid"}, None),
        ({"users": "sourcedid"}, None),
    ],
)
def test_a_bundle_is_known_by_its_files_and_their_headers(files: dict[str, str], meant: Format | None) -> None:
    assert recognised(**files) is meant


def test_enrollments_that_nothing_explains_are_asked_about_as_onerosters() -> None:
    assert fallback(["enrollments.csv"]) is BY_FORMAT[Format.ONEROSTER]
    assert fallback(["users.csv"]) is None


def test_every_format_of_several_files_has_a_recipe_of_its_own() -> None:
    assert BY_FORMAT.keys() == {*Format} - {Format.TABLE, Format.MOODLE}
    assert wanted_files() == "enrollments.csv, StudentEnrollment.csv or rosters.csv"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.format)
def test_headers_are_written_as_they_are_compared_and_files_are_named_once(recipe: BundleFormat) -> None:
    tables = [recipe.class_columns, recipe.person_columns, *(seats.fields for seats in recipe.seats)]
    headers = [header for table in tables for names in table.values() for header in names]
    assert all(header == header.lower() and header.isalnum() for header in headers)
    assert len(set(recipe.files)) == len(recipe.files)


def test_columns_of_several_tables_are_laid_over_each_other_by_name() -> None:
    first, second = ("a", "b", "b"), ("b", "c", "a")
    own = united([first, second])
    assert [name for name, _ in own] == ["a", "b", "b", "c"]
    assert laid(("1", "2", "3"), places(own, first)) == ("1", "2", "3", "")
    assert laid(("1", "2", "3"), places(own, second)) == ("3", "1", "", "2")
    assert numbered(("x", "x")) == [("x", 0), ("x", 1)]
