"""Addresses that settings are tried with, and the problems that they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.core.errors import UsageError
from batch_enroll.settings import Needs, load

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCTION = "https://api.alpha-1edtech.ai"
STAGING = "https://api.staging.alpha-1edtech.ai"
ADDRESS = {"base_url": "https://enroll.example.org", "token_url": "https://login.example.org/token"}
NO_SECRET = "client_secret: missing; set TIMEBACK_CLIENT_SECRET (or TIMEBACK_CLIENT_SECRET_FILE, a file that holds it)"


def problems_of(flags: Mapping[str, object], needs: Needs = Needs.SERVER) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(flags, needs=needs)
    return str(caught.value).split("\n- ")[1:]
