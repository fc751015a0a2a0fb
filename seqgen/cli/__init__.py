"""The command line: the same features as the library, one file a command."""
