"""Every code that a row can carry, with its title, meaning, likely causes and remedy.

A code is one record in the module of its family: `roster_codes` (E1xx the roster, W1xx warnings), `server_codes` (E2xx
refused by the server, E3xx failed on the way, E4xx unknown) and `settled_codes` (S skipped, A already so, N not
attempted). `catalogue` has them all in one place. Codes are stable and never reused.
"""
