"""Puts this directory on the path, for the modules that tests share."""
