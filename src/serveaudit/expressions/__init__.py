"""One evaluator of a small pure subset of Python expressions over values: for Python configurations, and for rules' conditions.

Of an expression only what it must be is told: what can't be known stays unknown, with its reason, and what is known in part
stays a range, a text with gaps, a list that may be longer, or one value for each outside choice. Its modules, each above the
ones before: comparisons, texts, arithmetic, sequences, pure; frames, closures; scope, operators, displays, calls, evaluation.
"""

from serveaudit.expressions.evaluation import evaluate, evaluate_test
from serveaudit.expressions.pure import call_pure
from serveaudit.expressions.scope import Scope, choose, known_names

__all__ = ["Scope", "call_pure", "choose", "evaluate", "evaluate_test", "known_names"]
