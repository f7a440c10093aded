"""Settings: precedence, the names people already have, all problems at once, and secrets that stay secret."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from support.settings_problems import NO_SECRET, PRODUCTION, problems_of

from batch_enroll.core.errors import UsageError
from batch_enroll.settings import Needs, Settings, load, load_sealed
from batch_enroll.settings.model import OPTIONS
from batch_enroll.wiring.run_options import freeze_dates

pytestmark = pytest.mark.usefixtures("empty_surroundings")


def write_toml(text: str, name: str = "batch-enroll.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


# Where a value comes from


@pytest.mark.usefixtures("credentials")
def test_flags_win_over_variables_over_the_profile_over_the_file_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml("rate = 1\nmax_in_flight = 2\ntimeout_s = 3\n[env.staging]\nrate = 11\nmax_in_flight = 12\n")
    monkeypatch.setenv("BATCH_ENROLL_RATE", "21")
    settings = load({"env": "staging", "max_in_flight": "22"})
    assert (settings.max_in_flight, settings.rate, settings.timeout_s, settings.max_attempts) == (22, 21, 3, 6)
    assert load({"env": "staging"}).max_in_flight == 12
    assert load({"env": "production"}).max_in_flight == 2


@pytest.mark.usefixtures("credentials")
def test_every_setting_knows_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml("timeout-s = 3\n[env.staging]\nrate = 11\n")
    monkeypatch.setenv("TIMEBACK_ENV", "staging")
    sources = load({"max_in_flight": "4"}).sources()
    assert sources["env"] == "variable TIMEBACK_ENV"
    assert sources["max_in_flight"] == "flag --max-in-flight"
    assert sources["rate"] == "batch-enroll.toml [env.staging] rate"
    assert sources["timeout_s"] == "batch-enroll.toml timeout-s"
    assert sources["patience_s"] == "default"
    assert not sources.keys() & {"origins", "complaints", "needs"}


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("how", ["flag", "variable"])
def test_another_file_can_be_named(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml("rate = 5\n")
    path = write_toml("rate = 6\n", "other.toml")
    if how == "variable":
        monkeypatch.setenv("BATCH_ENROLL_CONFIG", str(path))
    flags = {"config": str(path)} if how == "flag" else {}
    assert load({"env": "staging", **flags}).rate == 6


def test_a_named_file_that_is_not_there_is_a_problem() -> None:
    assert problems_of({"env": "sandbox", "config": "gone.toml"}) == ["config: there is no file gone.toml"]


@pytest.mark.parametrize(
    ("variables", "setting", "expected"),
    [
        (("TIMEBACK_API_BASE_URL", "TIMEBACK_BASE_URL", "EDUBRIDGE_BASE_URL"), "base_url", "https://v0.example.org"),
        (
            ("TIMEBACK_API_AUTH_URL", "TIMEBACK_AUTH_URL", "TIMEBACK_TOKEN_URL", "EDUBRIDGE_TOKEN_URL"),
            "token_url",
            "https://v0.example.org",
        ),
        (
            ("TIMEBACK_API_CLIENT_ID", "TIMEBACK_CLIENT_ID", "EDUBRIDGE_CLIENT_ID"),
            "client_id",
            "https://v0.example.org",
        ),
    ],
)
def test_the_first_variable_that_is_set_wins(
    variables: tuple[str, ...], setting: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for skipped in range(len(variables)):
        for number, variable in enumerate(variables):
            monkeypatch.setenv(variable, "  " if number < skipped else f"https://v{number}.example.org")
        settings = load({"env": "sandbox"}, needs=Needs.ROSTER)
        assert getattr(settings, setting) == expected.replace("v0", f"v{skipped}")
        assert settings.sources()[setting] == f"variable {variables[skipped]}"


@pytest.mark.parametrize("prefix", ["TIMEBACK_API_", "TIMEBACK_", "EDUBRIDGE_"])
@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_the_secret_comes_from_a_variable_or_a_file(
    prefix: str, suffix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("  hush-hush\n", encoding="utf-8")
    name = f"{prefix}CLIENT_SECRET"
    monkeypatch.setenv(name + suffix, str(path) if suffix else " hush-hush ")
    monkeypatch.setenv(f"{prefix}CLIENT_ID", " client-7 ")
    settings = load({"env": "production"})
    assert settings.client_secret.get_secret_value() == "hush-hush"
    assert settings.client_id == "client-7"


def test_the_secret_can_come_from_a_file_the_configuration_names(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret.txt").write_text("hush-hush\n", encoding="utf-8")
    write_toml('client_id = "client-7"\nclient_secret_file = "secret.txt"\n')
    assert load({"env": "staging"}).client_secret.get_secret_value() == "hush-hush"
    Path("secret.txt").unlink()
    assert problems_of({"env": "staging"}) == [
        "batch-enroll.toml client_secret_file: the file secret.txt cannot be read (No such file or directory)"
    ]
    monkeypatch.setenv("TIMEBACK_CLIENT_SECRET", "from-variable")
    assert load({"env": "staging"}).client_secret.get_secret_value() == "from-variable"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b"\xff\xfe\x00", "cannot be read"), (b" \n", "is empty")]
)
def test_a_secret_file_that_cannot_be_used_is_the_one_problem(
    content: bytes | None, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret.txt"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("TIMEBACK_CLIENT_ID", "client-7")
    monkeypatch.setenv("TIMEBACK_CLIENT_SECRET_FILE", str(path))
    (problem,) = problems_of({"env": "staging"})
    assert problem.startswith("variable TIMEBACK_CLIENT_SECRET_FILE: the file ")
    assert reason in problem


# What is needed


def test_commands_that_send_nothing_need_neither_environment_nor_credentials() -> None:
    assert load({}, needs=Needs.ROSTER).env == ""
    assert load({}, needs=Needs.STATE).base_url == ""
    assert load({"env": "production", "dry_run": True}).dry_run
    assert "no environment" in problems_of({"dry_run": True})[0]


# Problems


def test_all_problems_are_reported_at_once_with_their_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml('ratte = 3\nlimit = 0\n[env.staging]\nsend_sourced_id = "maybe"\n[env.stagin]\n')
    monkeypatch.setenv("BATCH_ENROLL_MAX_IN_FLIGHT", "1001")
    problems = problems_of(
        {"env": "staging", "rate": "fast", "map": ["user_id"], "begin_date": "9/1/25", "role": "pet"}
    )
    assert sorted(problems) == sorted(
        [
            "flag --rate: must be a number, not 'fast'",
            "variable BATCH_ENROLL_MAX_IN_FLIGHT: must be less than or equal to 1000, not '1001'",
            "flag --role: 'pet' is not a role; choose one of administrator, proctor, student, teacher",
            "flag --begin-date: '9/1/25' is not a date; write it as YYYY-MM-DD",
            "batch-enroll.toml limit: must be greater than or equal to 1, not 0",
            "batch-enroll.toml [env.staging] send_sourced_id: must be 'roster', 'derived' or 'never', not 'maybe'",
            "flag --map: 'user_id' is not of the form field=Header, such as user_id=StudentNo",
            "batch-enroll.toml ratte: is not a setting; did you mean rate?",
            "batch-enroll.toml [env.stagin]: is not an environment; did you mean staging?",
            "client_id: missing; set TIMEBACK_CLIENT_ID",
            NO_SECRET,
        ]
    )


def test_one_problem_is_counted_as_one() -> None:
    with pytest.raises(UsageError, match=r"^settings: 1 problem\n- flag --limit: "):
        load({"env": "sandbox", "limit": "-1"})


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("rate = \n", "batch-enroll.toml: is not TOML: "),
        ("env = 3\n", "batch-enroll.toml env: must be a name or tables"),
        ("[env]\nstaging = 3\n", "batch-enroll.toml [env.staging]: is not an environment"),
        ("origins = 3\n", "batch-enroll.toml origins: is not a setting"),
        ('map = ["a"]\n', "batch-enroll.toml map: 'a' is not of the form"),
        ('begin_date = "soon"\n', "batch-enroll.toml begin_date: 'soon' is not a date"),
        ('course_id = " "\n', "batch-enroll.toml course_id: must not be empty"),
    ],
)
def test_a_file_with_a_fault_is_a_problem_that_names_it(text: str, start: str) -> None:
    write_toml(text)
    (problem,) = problems_of({"env": "sandbox"})
    assert problem.startswith(start)


def test_a_file_that_is_not_text_is_a_problem() -> None:
    Path("batch-enroll.toml").write_bytes(b"\xff\xfe\x00")
    assert problems_of({"env": "sandbox"}) == ["batch-enroll.toml: cannot be read (it is not text in UTF-8)"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("limit", "few", "flag --limit: must be a whole number, not 'few'"),
        ("limit", 2.5, "flag --limit: must be a whole number, not 2.5"),
        ("as_of", "soon", "flag --as-of: must be a date, as YYYY-MM-DD, not 'soon'"),
        ("quiet", "perhaps", "flag --quiet: must be true or false, not 'perhaps'"),
        ("pace", "slow", "flag --pace: must be 'auto' or 'fixed', not 'slow'"),
        ("sheet", " ", "flag --sheet: must not be empty, not ''"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_accepted(name: str, value: object, message: str) -> None:
    assert problems_of({"env": "sandbox", name: value}) == [message]


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", ""])
def test_a_rate_is_a_finite_number_above_zero(rate: str) -> None:
    assert problems_of({"env": "sandbox", "rate": rate})[0].startswith("flag --rate: must be ")


# Values


def test_values_are_read_from_every_place_in_their_own_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml('begin-date = 2025-09-01\nas_of = "2025-10-01"\n[map]\nuser_id = "Pupil, No."\nrole = "Kind"\n')
    monkeypatch.setenv("BATCH_ENROLL_MAP", "course_id=Course,role=Rolle")
    monkeypatch.setenv("BATCH_ENROLL_SANDBOX_SCENARIOS", "slow, unknown-users=5")
    monkeypatch.setenv("BATCH_ENROLL_STATE", "~/enroll-state")
    settings = load({"env": "sandbox", "role": "Teacher", "map": ["role=Rôle=x"], "course_id": " 007 "})
    assert settings.begin_date == "2025-09-01"
    assert settings.as_of is not None
    assert settings.as_of.isoformat() == "2025-10-01"
    assert settings.map == {"user_id": "Pupil, No.", "course_id": "Course", "role": "Rôle=x"}
    assert settings.sandbox_scenarios == ("slow", "unknown-users=5")
    assert settings.state == Path("~/enroll-state").expanduser()
    assert (settings.role, settings.course_id) == ("teacher", "007")


def test_the_file_may_choose_the_environment() -> None:
    write_toml('env = "sandbox"\n')
    settings = load({})
    assert (settings.env, settings.sources()["env"]) == ("sandbox", "batch-enroll.toml env")


def test_the_state_is_kept_in_the_platforms_own_folder_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    assert load({"env": "sandbox"}).state.name == "batch-enroll"


@pytest.mark.usefixtures("credentials")
def test_settings_cannot_be_changed() -> None:
    settings = load({"env": "staging"})
    with pytest.raises(ValueError, match="frozen"):
        settings.rate = 3


# Secrets


@pytest.mark.usefixtures("credentials")
def test_no_text_of_the_settings_shows_the_credentials() -> None:
    settings = load({"env": "staging"})
    for text in (repr(settings), str(settings), str(settings.sources()), settings.model_dump_json()):
        assert "hush-hush" not in text
    assert "client-7" not in repr(settings)


def test_no_problem_shows_the_secret() -> None:
    write_toml("client_id = 17\nclient_secret = [4711]\n")
    with pytest.raises(UsageError) as caught:
        load({"env": "staging"})
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert isinstance(caught.value, UsageError)


def test_settings_without_load_are_read_from_the_surroundings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEBACK_ENV", "sandbox")
    assert Settings().embedded


def test_sealed_settings_see_flags_only(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml("rate = 3\nratte = 4\n")
    monkeypatch.setenv("TIMEBACK_BASE_URL", PRODUCTION)
    settings = load_sealed({"env": "sandbox", "max_in_flight": "3"})
    assert settings.embedded
    assert (settings.rate, settings.max_in_flight) == (None, 3)
    with pytest.raises(UsageError, match="flag --rate: "):
        load_sealed({"env": "sandbox", "rate": "0"})


@pytest.mark.usefixtures("credentials")
def test_rehearsal_flags_are_refused_outside_a_rehearsal() -> None:
    write_toml('sandbox_scenarios = ["slow"]\n')
    assert load({"env": "staging"}).sandbox_scenarios == ("slow",)
    assert load({"env": "sandbox", "sandbox_seed": "7"}).sandbox_seed == 7
    assert problems_of({"env": "staging", "sandbox_seed": "7"}) == [
        "flag --seed: only a rehearsal inside this process can use it; give --env sandbox and no base URL"
    ]


def test_the_limits_of_guards_have_a_table_and_are_reported_with_all_other_problems() -> None:
    write_toml("[guards]\nleast_share = 0.4\n[env.staging.guards]\ncourse_students = 9\n")
    limits = load({"env": "staging"}, needs=Needs.ROSTER).guard_limits()
    assert (limits.least_share, limits.course_students, limits.days) == (0.4, 9, 366)
    write_toml("rate = 0\n[guards]\nleast_share = 4\ncourse_student = 3\n")
    assert [problem.split(":")[0] for problem in problems_of({"env": "sandbox"})] == [
        "batch-enroll.toml guard_least_share",
        "batch-enroll.toml rate",
        "batch-enroll.toml guard_course_student",
    ]


def test_lookups_are_checked_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BATCH_ENROLL_FIND", raising=False)
    given = load({"find": ["never", "user=email,course=title"]}, needs=Needs.STATE)
    assert given.find == {"user": "email", "course": "title", "school": "never"}
    monkeypatch.setenv("BATCH_ENROLL_FIND", "school=name")
    assert load({}, needs=Needs.STATE).find == {"school": "name"}
    for wrong, why in (
        ("pet=name", "'pet' cannot be looked up"),
        ("user=title", "cannot be looked up by 'title'"),
        ("x", "neither"),
    ):
        with pytest.raises(UsageError, match=why):
            load({"find": [wrong]}, needs=Needs.STATE)


def test_a_deadline_is_fixed_when_the_command_begins() -> None:
    begun = freeze_dates(load_sealed({"env": "sandbox", "deadline": "30m"}))
    assert begun.deadline is not None
    assert datetime.fromisoformat(begun.deadline).tzinfo is not None
    assert freeze_dates(begun).deadline == begun.deadline
    assert freeze_dates(load_sealed({"env": "sandbox"})).deadline is None


def test_the_former_name_of_a_setting_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml("[guards]\nschool_seats = 7\n")
    settings = load({}, needs=Needs.STATE)
    assert settings.guard_limits().school_seats == 7
    assert settings.sources()["guard_school_enrollments"] == "batch-enroll.toml guard_school_seats"
    monkeypatch.setenv("BATCH_ENROLL_GUARD_SCHOOL_SEATS", "8")
    assert load({}, needs=Needs.STATE).guard_school_enrollments == 8
    monkeypatch.setenv("BATCH_ENROLL_GUARD_SCHOOL_ENROLLMENTS", "9")
    assert load({}, needs=Needs.STATE).guard_school_enrollments == 9


def test_a_flag_of_no_setting_is_a_problem() -> None:
    assert problems_of({"env": "sandbox", "ratte": 3, "exact": True}) == [
        "flag --ratte: is not a setting; did you mean rate?",
        f"flag --exact: is not a setting; choose one of {', '.join(sorted(OPTIONS))}",
    ]
