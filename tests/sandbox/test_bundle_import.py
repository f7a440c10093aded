"""A school that knows exactly the objects of a bundle."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from support.paths import SHARED_ROSTERS as SHARED
from support.sandbox_client import visitor

from batch_enroll.sandbox import serve
from batch_enroll.sandbox.bundle_import import read_bundle

if TYPE_CHECKING:
    from pathlib import Path

DISTRICT = SHARED / "oneroster_1p1" / "gospelnerd" / "oneroster-district-small.zip"
FILES = {
    "users.csv": (
        '\ufeffsourcedId,status,givenName,orgSourcedIds\r\nu,,Ann,"home, other"\r\ngone,tobedeleted,Bo,home\r\n'
    ),
    "orgs.csv": "sourcedId,name,type\nhome,Home,school\nother,Other,school\n",
    "courses.csv": "sourcedId,title,orgSourcedId\nc,Math,home\nfree,Free,\n",
    "classes.csv": 'sourcedId,title,courseSourcedId,schoolSourcedId,termSourcedIds\nk,K,c,home,"t1,t2"\n',
    "academicSessions.csv": "sourcedId,title,type,schoolYear\nt1,T,term,2025-2026\nt2,T,term,\n",
}


def folder(at: Path, files: dict[str, str]) -> Path:
    at.mkdir(exist_ok=True)
    for name, text in files.items():
        (at / name).write_text(text, encoding="utf-8", newline="")
    return at


def zipped(at: Path, files: dict[str, str], inside: str = "") -> Path:
    with zipfile.ZipFile(at, "w") as archive:
        for name, text in files.items():
            archive.writestr(inside + name, text)
    return at


def test_a_folder_a_zip_and_a_zip_with_a_folder_inside_are_read_alike(tmp_path: Path) -> None:
    known = read_bundle(folder(tmp_path / "bundle", FILES))
    assert known == read_bundle(zipped(tmp_path / "a.zip", FILES))
    assert known == read_bundle(zipped(tmp_path / "b.zip", FILES, "district/"))
    assert known.users["u"].org_ids == ("home", "other")
    assert "gone" not in known.users
    assert known.courses["free"].org_id is None
    assert known.sections["k"].term_ids == ("t1", "t2")
    assert (known.sessions["t1"].school_year, known.sessions["t2"].school_year) == (2026, 0)


def test_primary_orgs_come_from_1_2_columns_or_roles(tmp_path: Path) -> None:
    files = FILES | {
        "users.csv": "sourcedId,primaryOrgSourcedId\nu,other\nv,\nw,\n",
        "roles.csv": "sourcedId,userSourcedId,roleType,orgSourcedId\n1,v,primary,home\n2,w,secondary,home\n",
    }
    users = read_bundle(folder(tmp_path, files)).users
    assert [users[id_].org_ids for id_ in "uvw"] == [("other",), ("home",), ()]


def test_a_bundle_without_courses_knows_those_of_its_classes(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != "courses.csv"}
    assert read_bundle(folder(tmp_path, files)).courses["c"].org_id == "home"


@pytest.mark.parametrize("name", ["no.zip", "empty.zip", "latin.zip"])
def test_a_file_that_is_not_a_bundle_is_refused_before_a_server_starts(tmp_path: Path, name: str) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK nonsense")
    zipped(tmp_path / "empty.zip", {})
    with zipfile.ZipFile(tmp_path / "latin.zip", "w") as archive:
        archive.writestr("users.csv", b"sourcedId,givenName\nu,Ren\xe9\n")
    with pytest.raises(ValueError, match="is not a OneRoster bundle"):
        serve(school_bundle=tmp_path / name)


def test_a_missing_bundle_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        serve(school_bundle=tmp_path / "missing.zip")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status"),
    [("u/c/home", 201), ("u/c/other", 201), ("u/c", 201), ("gone/c/home", 404), ("x/c/home", 404), ("u/x/home", 404),
     ("u/c/x", 404), ("u/k/home", 404)],
)  # fmt: skip
async def test_every_other_id_is_unknown(tmp_path: Path, path: str, status: int) -> None:
    async with visitor(school_bundle=folder(tmp_path, FILES)) as at:
        assert (await at.enroll(path)).status == status
        assert len(at.sandbox.school.active_enrollments()) == (status == 201)


@pytest.mark.asyncio
async def test_the_objects_of_a_bundle_can_be_listed(tmp_path: Path) -> None:
    async with visitor(school_bundle=folder(tmp_path, FILES)) as at:
        assert (await at.get("users", filter="givenName='Ann'")).json["users"][0]["sourcedId"] == "u"
        assert (await at.get("users", filter="sourcedId='x'")).json["totalCount"] == 0
        assert (await at.get("users/x")).status == 404
        assert (await at.get("schools/home/courses")).json["totalCount"] == 1
        assert (await at.get("schools/other/students")).json["totalCount"] == 1


@pytest.mark.skipif(not DISTRICT.exists(), reason="shared rosters are not here")
def test_a_real_district_is_known() -> None:
    known = read_bundle(DISTRICT)
    assert all(section.course_id in known.courses for section in known.sections.values())
    assert all(org in known.orgs for user in known.users.values() for org in user.org_ids)
    assert all((known.users, known.courses, known.orgs, known.sections, known.sessions))
