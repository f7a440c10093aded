"""Settings: the server, and that no one reaches another one by accident."""

from __future__ import annotations

import pytest
from support.settings_problems import ADDRESS, NO_SECRET, PRODUCTION, STAGING, problems_of

from batch_enroll.settings import Needs, load

pytestmark = pytest.mark.usefixtures("empty_surroundings")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("typed", "env", "base_url"),
    [
        ("production", "production", PRODUCTION),
        ("prod", "production", PRODUCTION),
        (" Staging ", "staging", STAGING),
        ("sandbox", "sandbox", ""),
    ],
)
def test_an_environment_brings_its_addresses(typed: str, env: str, base_url: str) -> None:
    settings = load({"env": typed})
    assert (settings.env, settings.base_url, settings.embedded) == (env, base_url, env == "sandbox")
    assert bool(settings.token_url) is (env != "sandbox")


def test_no_one_reaches_production_by_accident() -> None:
    (problem, *_) = problems_of({})
    assert "--env production, staging or sandbox" in problem
    assert "TIMEBACK_ENV" in problem


def test_the_embedded_sandbox_needs_no_credentials_and_an_outside_one_does() -> None:
    assert load({"env": "sandbox"}).embedded
    flags = {"env": "sandbox", "base_url": "http://127.0.0.1:8080", "token_url": "http://127.0.0.1:8080/oauth2/token"}
    assert problems_of(flags) == [
        "client_id: missing; set TIMEBACK_CLIENT_ID",
        NO_SECRET,
    ]


@pytest.mark.usefixtures("credentials")
def test_an_address_alone_is_an_environment_of_its_own_unless_it_is_one_of_ours() -> None:
    assert load(ADDRESS).env == "custom"
    assert load({"base_url": STAGING + "/"}).env == "staging"


@pytest.mark.usefixtures("credentials")
def test_a_foreign_address_needs_its_own_token_address() -> None:
    (problem,) = problems_of({"env": "staging", "base_url": "https://enroll.example.org"})
    assert problem.startswith("token_url: missing; the base URL is not one of ours")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("env", ["sandbox", "staging"])
def test_an_address_left_in_the_shell_never_turns_a_rehearsal_into_production(
    env: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBACK_BASE_URL", PRODUCTION)
    assert problems_of({"env": env}) == [
        f"variable TIMEBACK_BASE_URL: is the address of production, but the environment is {env}; remove one of the two"
    ]


@pytest.mark.usefixtures("credentials")
def test_a_token_address_of_another_environment_is_refused() -> None:
    token_url = load({"env": "staging"}).token_url
    (problem,) = problems_of({"env": "production", "token_url": token_url})
    assert problem.startswith("flag --token-url: is the address of staging")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1", "https://x.org/api/"]
)
def test_plain_http_is_accepted_for_this_machine(url: str) -> None:
    settings = load({"base_url": url, "token_url": url})
    assert settings.base_url == settings.token_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://enroll.example.org", "is not https"),
        ("http://127.0.0.1.example.org", "is not https"),
        ("http://localhost.example.org", "is not https"),
        ("http://10.0.0.1", "is not https"),
        ("https://me:word@enroll.example.org", "holds a user name"),
        ("https://enroll.example.org/?a=b", "has a query"),
        ("https://enroll.example.org/?", "has a query"),
        ("https://enroll.example.org/#top", "has a query or a fragment"),
        ("enroll.example.org", "is not a URL"),
        ("ftp://enroll.example.org", "is not a URL"),
        ("https://enroll.example.org:port", "is not a URL"),
        ("https://enroll example.org", "is not a URL"),
        ("https://[enroll", "is not a URL"),
        ("https://", "is not a URL"),
    ],
)
def test_an_odd_address_is_refused_without_repeating_it(url: str, reason: str) -> None:
    problem = problems_of({"env": "staging", "base_url": url, "token_url": "https://x.org"}, Needs.ROSTER)[0]
    assert problem.startswith(f"flag --base-url: {reason}")
    assert "word" not in problem.replace("password", "")
