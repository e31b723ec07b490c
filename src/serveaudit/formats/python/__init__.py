"""Reads Python files: `ast` gives the statements, `serveaudit.expressions` their values; nothing is run or imported.

Its modules, each above the ones before: module, parsing, uses, syntax, frames, provenance, state; environs, paths, machine;
attributes, functions, options, calls; changes, targets, choosing; conditionals, attempts, loops, definitions, imports;
statements, scope, leftovers, reading.
"""

from serveaudit.formats.python.environs import with_default
from serveaudit.formats.python.module import (
    Assigned,
    Binding,
    Call,
    Class,
    ClassRef,
    Environ,
    External,
    Function,
    FunctionRef,
    Made,
    Module,
    ModuleRef,
    PathText,
)
from serveaudit.formats.python.reading import Program, dotted_name, read

__all__ = [
    "Assigned",
    "Binding",
    "Call",
    "Class",
    "ClassRef",
    "Environ",
    "External",
    "Function",
    "FunctionRef",
    "Made",
    "Module",
    "ModuleRef",
    "PathText",
    "Program",
    "dotted_name",
    "read",
    "with_default",
]
