"""Follows a launcher's step to the commands that it comes to: through wrappers, shells, scripts and their variables.

Its modules, each above the ones before: results, texts, state, expansion, outputs; views, writing; decisions, forks; wrappers,
shells; journal, process, builtins, disk, commands, conditions, loops, walk; unwrapping, starting.
"""

from serveaudit.following.results import Followed, Following, Link, Write
from serveaudit.following.starting import follow

__all__ = ["Followed", "Following", "Link", "Write", "follow"]
