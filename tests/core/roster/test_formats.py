from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.core.roster.formats import (
    BUNDLES,
    FORMATS,
    Format,
    fallback_format,
    name_enrollment_files,
    oneroster,
    recognize_format,
    sds_v2,
)

if TYPE_CHECKING:
    from batch_enroll.core.roster.roster_format import BundleFormat


def recognized(**headers: str) -> str | None:
    files = {f"{name}.csv": header.split() for name, header in headers.items()}
    found = recognize_format(files, files.__getitem__)
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("files", "meant"),
    [
        ({"enrollments": "sourcedid classsourcedid usersourcedid role"}, "oneroster"),
        ({"enrollments": "classsourcedid usersourcedid role"}, "sds-v2"),
        ({"enrollments": "classsourcedid usersourcedid role", "manifest": ""}, None),
        ({"enrollments": "schoolid sectionid studentid", "sections": ""}, "clever"),
        ({"enrollments": "courseid userid role sectionid status"}, "canvas"),
        ({"enrollments": "userid sectionid roleid"}, "canvas"),
        ({"enrollments": "a b"}, None),
        ({"studentenrollment": "sectionsisid sisid"}, "sds-v1"),
        ({"teacherroster": "sectionid id"}, "sds-v1"),
        ({"studentenrollment": "a b"}, None),
        ({"rosters": "rosterid classid studentid", "classes": ""}, "apple"),
        ({"rosters": "classid"}, None),
        ({"users": "sourcedid"}, None),
        ({"enrollments": "sectionid studentid", "studentenrollment": "sectionsisid sisid"}, "clever"),
    ],
)
def test_a_bundle_is_recognized_by_its_files_and_their_headers(files: dict[str, str], meant: str | None) -> None:
    assert recognized(**files) == meant


def test_enrollments_that_show_no_format_are_read_as_onerosters() -> None:
    assert fallback_format(["enrollments.csv"]) is BUNDLES["oneroster"]
    assert fallback_format(["users.csv"]) is None
    assert name_enrollment_files() == "enrollments.csv, StudentEnrollment.csv or rosters.csv"


def test_formats_have_names_and_places_of_their_own() -> None:
    assert (
        list(FORMATS)
        == list(Format)
        == ["table", "moodle", "oneroster", "sds-v2", "clever", "canvas", "sds-v1", "apple"]
    )
    assert len({each.order for each in FORMATS.values()}) == len(FORMATS)
    assert len({each.title for each in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("of", BUNDLES.values(), ids=list(BUNDLES))
def test_headers_are_written_as_they_are_compared_and_files_are_named_once(of: BundleFormat) -> None:
    tables = [of.class_columns, of.person_columns, *(lines.fields for lines in of.enrollments)]
    headers = [header for table in tables for names in table.values() for header in names]
    assert all(header == header.lower() and header.isalnum() for header in headers)
    assert len(set(of.files)) == len(of.files)


@pytest.mark.parametrize("of", BUNDLES.values(), ids=list(BUNDLES))
def test_a_format_whose_classes_name_terms_says_where_terms_begin(of: BundleFormat) -> None:
    if "terms" in of.class_columns or of.course_dates is not None:
        assert of.terms is not None
        assert of.terms.file in of.files


@pytest.mark.parametrize(
    ("files", "manifest", "described"),
    [
        ({"users.csv"}, {}, "OneRoster 1.0 or 1.1, without a manifest"),
        ({"users.csv", "roles.csv"}, {}, "OneRoster 1.2, without a manifest"),
        ({"users.csv"}, {"oneroster.version": "1.1", "file.enrollments": "delta"}, "OneRoster 1.1, delta"),
        ({"users.csv"}, {"file.enrollments": "absent"}, "OneRoster"),
    ],
)
def test_a_oneroster_bundle_is_described_by_its_manifest(
    files: set[str], manifest: dict[str, str], described: str
) -> None:
    describe = oneroster.FORMAT.describe
    assert describe is not None
    assert describe(files, manifest) == described


@pytest.mark.parametrize(
    ("files", "described"),
    [({"users.csv"}, "Microsoft School Data Sync v2"), ({"roles.csv"}, "Microsoft School Data Sync v2.1")],
)
def test_school_data_sync_is_described_by_its_files(files: set[str], described: str) -> None:
    describe = sds_v2.FORMAT.describe
    assert describe is not None
    assert describe(files, {}) == described
