"""Virtual time that moves as soon as nothing is ready to run.

Looptime turns the loop 42 times before it moves the clock, for the sake of whoever waits for something outside. Nobody
here does, and those turns are most of what a test on virtual time would cost.
"""

from __future__ import annotations

from functools import partial

import looptime
import pytest

new_loop = partial(looptime.new_event_loop, noop_cycles=0)
moves_at_once = pytest.mark.looptime(noop_cycles=0)
