"""Music as files and as the objects of other libraries: a reader or a writer for each format, and which are known."""
