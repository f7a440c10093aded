"""The refusal of a request by the school; the routes turn it into a status and a body."""

from __future__ import annotations


class RefusedError(Exception):
    """A refused request, with the status and the text of the answer.

    Args:
        status: the HTTP status.
        text: the message, in the vendor's wording.
        path: the field at fault, for bodies that can name it.
    """

    def __init__(self, status: int, text: str, path: str = "") -> None:
        super().__init__(text)
        self.status, self.text, self.path = status, text, path
