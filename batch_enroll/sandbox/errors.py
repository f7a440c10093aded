"""What the school says when it refuses; the routes turn it into a status and a body."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that is refused, with the status and the text of the answer.

    Args:
        status: the HTTP status.
        text: what is wrong, in the vendor's manner.
        path: the offending field, for bodies that can name it.
    """

    def __init__(self, status: int, text: str, path: str = "") -> None:
        super().__init__(text)
        self.status, self.text, self.path = status, text, path
