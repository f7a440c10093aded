"""The vendor's API over HTTP/1.1."""

from batch_enroll.adapters.api.connections import Connections
from batch_enroll.adapters.api.edubridge import EduBridge
from batch_enroll.adapters.api.wire import Wire

__all__ = ["Connections", "EduBridge", "Wire"]
