"""One module for each verb of the command line; the command line and the library call these."""
