"""The vocabulary is put together from many classes: none may hide what another one says."""

import pytest

from serveaudit.vocabulary import VOCABULARY
from serveaudit.words import Subject


@pytest.mark.parametrize("subject", VOCABULARY.classes.values(), ids=VOCABULARY.classes)
def test_no_aspect_of_a_subject_hides_a_name_of_another(subject: type[Subject]) -> None:
    owners: dict[str, list[str]] = {}
    for base in subject.__mro__:
        if base not in (object, Subject, subject) and not issubclass(base, Subject):
            for name in vars(base):
                if not name.startswith("__") and (callable(vars(base)[name]) or hasattr(vars(base)[name], "phrase")):
                    owners.setdefault(name, []).append(base.__name__)
    assert {name: bases for name, bases in owners.items() if len(bases) > 1} == {}
