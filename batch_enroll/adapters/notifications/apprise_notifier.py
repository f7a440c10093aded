"""Notifications through apprise: mail, Slack, Teams and many others, each by an address that holds its password."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.reporting.notification_text import Notification


def notify(addresses: Sequence[str], bulletin: Notification) -> str:
    """Sends the bulletin to every address; what went wrong, without the addresses, or nothing."""
    try:
        import apprise  # noqa: PLC0415 - an extra
    except ImportError:
        return "notifications need the extra: pip install 'batch-enroll[notify]'"
    service = apprise.Apprise()
    unreadable = [number for number, address in enumerate(addresses, 1) if not service.add(address)]
    kind = apprise.NotifyType.SUCCESS if bulletin.well else apprise.NotifyType.FAILURE
    try:
        delivered = not len(service) or service.notify(title=bulletin.title, body=bulletin.body, notify_type=kind)
    except Exception as error:  # noqa: BLE001 - a hundred services' code, none of which may fail a run
        return f"a notification could not be delivered ({type(error).__name__})"
    if not delivered:
        return "a notification could not be delivered"
    if unreadable:
        named = ", ".join(f"no. {number}" for number in unreadable)
        return f"notify: no service of apprise can be made of address {named}"
    return ""
