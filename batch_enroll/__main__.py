"""`python -m batch_enroll`."""

from __future__ import annotations

from batch_enroll.cli import main

if __name__ == "__main__":
    main()
