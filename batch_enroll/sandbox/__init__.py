"""A rehearsal EduBridge, OneRoster and OAuth server that shares no code with the client.

A misreading of the contract can therefore not hide on both sides. Source: the contract only.
"""

from __future__ import annotations

from batch_enroll.sandbox.app import Sandbox, serve
from batch_enroll.sandbox.behaviors import Behaviors
from batch_enroll.sandbox.scenarios import SCENARIOS, parse_scenarios

__all__ = ["SCENARIOS", "Behaviors", "Sandbox", "parse_scenarios", "serve"]
