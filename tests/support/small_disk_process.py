"""The real command line in a process whose files cannot grow beyond some bytes: cramped.py BYTES ARGUMENT..."""

from __future__ import annotations

import resource
import sys

from batch_enroll.cli import main

if __name__ == "__main__":
    if sys.platform == "win32":
        raise NotImplementedError
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    main(sys.argv[2:])
