"""What happens around a run that nobody watches: pings, notifications, metrics. None of them can fail the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from batch_enroll.adapters.notifications.healthcheck_ping import Signal, ping
from batch_enroll.core.errors import BatchEnrollError
from batch_enroll.core.reporting import notification_text
from batch_enroll.wiring.loop import run_async
from batch_enroll.wiring.runtime import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.reporting.notification_text import Notification
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunHooks:
    """Who is told. `tell` takes what could not be told, `meaning` says an exit status in words."""

    settings: Settings
    tell: Callable[[str], None]
    meaning: Callable[[int], str]

    def over(self, command: Callable[[], T], summary_of: Callable[[T], RunSummary | None]) -> T:
        """What `command` returns or raises, after everybody was told of its start and end; a dry run tells nobody.

        Without a summary there was nothing to do.
        """
        if self.settings.dry_run:
            return command()
        self._ping(Signal.START, "")
        try:
            result = command()
        except BatchEnrollError as error:
            self._ended(error.exit_status, None)
            raise
        except BaseException:
            self._ended(1, None)
            raise
        summary = summary_of(result)
        self._ended(0 if summary is None else summary.exit_status, summary)
        return result

    def _ended(self, exit_status: int, summary: RunSummary | None) -> None:
        settings = self.settings
        told = (
            notification_text.notification_without_run(settings.env, exit_status, self.meaning(exit_status))
            if summary is None
            else notification_text.notification_for(summary)
        )
        self._write_metrics(exit_status, summary)
        changed = exit_status != 0 if summary is None else summary.changed
        if changed or not settings.on_change_only:
            self._notify(told)
        self._ping(Signal.SUCCESS if told.well else Signal.FAILURE, f"{told.title}\n{told.body}")

    def _write_metrics(self, exit_status: int, summary: RunSummary | None) -> None:
        if self.settings.metrics_file is None:
            return
        from batch_enroll.adapters.notifications.prometheus_textfile import write_metrics  # noqa: PLC0415 - only when asked for

        try:
            write_metrics(self.settings.metrics_file, self.settings.env, exit_status, utc_now(), summary)
        except OSError as error:
            self._note(f"{self.settings.metrics_file} cannot be written ({error.strerror})")

    def _notify(self, told: Notification) -> None:
        addresses = [address.get_secret_value() for address in self.settings.notify]
        if addresses:
            from batch_enroll.adapters.notifications.apprise_notifier import notify  # noqa: PLC0415 - only when asked for

            self._note(notify(addresses, told))

    def _ping(self, signal: Signal, text: str) -> None:
        if address := self.settings.ping_url.get_secret_value():
            self._note(run_async(partial(ping, address, signal, text)))

    def _note(self, trouble: str) -> None:
        if trouble:
            self.tell(f"note: {trouble}; the run is not affected")
