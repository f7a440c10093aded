"""Pings, notifications and metrics around a run without a person at the terminal; none of them can fail the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from batch_enroll.adapters.notifications.healthcheck_ping import Signal, ping
from batch_enroll.core.errors import BatchEnrollError
from batch_enroll.core.reporting import notification_text
from batch_enroll.wiring.runtime import run_async, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.reporting.notification_text import Notification
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunHooks:
    """Hooks before and after a run.

    Attributes:
        settings: name who is notified, and where metrics are written.
        show: shows a line to the person at the terminal, if there is one.
        describe_status: words an exit status.
    """

    settings: Settings
    show: Callable[[str], None]
    describe_status: Callable[[int], str]

    def around(self, command: Callable[[], T], summary_of: Callable[[T], RunSummary | None]) -> T:
        """Returns or raises what `command` does, and reports its start and its end; a dry run reports neither.

        A result without a summary means that there was nothing to do.
        """
        if self.settings.dry_run:
            return command()
        self._ping(Signal.START, "")
        try:
            result = command()
        except BatchEnrollError as error:
            self._report_end(error.exit_status, None)
            raise
        except BaseException:
            self._report_end(1, None)
            raise
        summary = summary_of(result)
        self._report_end(0 if summary is None else summary.exit_status, summary)
        return result

    def _report_end(self, exit_status: int, summary: RunSummary | None) -> None:
        settings = self.settings
        notification = (
            notification_text.notification_without_run(settings.env, exit_status, self.describe_status(exit_status))
            if summary is None
            else notification_text.notification_for(summary)
        )
        self._write_metrics(exit_status, summary)
        changed = exit_status != 0 if summary is None else summary.changed
        if changed or not settings.on_change_only:
            self._notify(notification)
        self._ping(
            Signal.SUCCESS if notification.well else Signal.FAILURE, f"{notification.title}\n{notification.body}"
        )

    def _write_metrics(self, exit_status: int, summary: RunSummary | None) -> None:
        path = self.settings.metrics_file
        if path is None:
            return
        from batch_enroll.adapters.notifications.prometheus_textfile import write_metrics  # noqa: PLC0415 - seldom used

        try:
            write_metrics(path, self.settings.env, exit_status, utc_now(), summary)
        except OSError as error:
            self._show_problem(f"{path} cannot be written ({error.strerror})")

    def _notify(self, notification: Notification) -> None:
        addresses = [address.get_secret_value() for address in self.settings.notify]
        if addresses:
            from batch_enroll.adapters.notifications.apprise_notifier import notify  # noqa: PLC0415 - seldom used

            self._show_problem(notify(addresses, notification))

    def _ping(self, signal: Signal, text: str) -> None:
        if address := self.settings.ping_url.get_secret_value():
            self._show_problem(run_async(partial(ping, address, signal, text)))

    def _show_problem(self, problem: str) -> None:
        if problem:
            self.show(f"note: {problem}; the run is not affected")
