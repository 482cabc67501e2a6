"""The mutants of `make mutants`: of every module of the rating core, each with one mistake."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import dumont_economy
from scripts.mutants import TESTS, mutants_of

PACKAGE = Path(dumont_economy.__file__).parent
ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("ledger", "savings")


def test_no_module_of_the_core_is_forgotten() -> None:
    """A new file of the ledger or of savings has to say which tests notice a mistake in it."""
    files = [path for folder in FOLDERS for path in (PACKAGE / folder).glob("*.py")]

    core = {f"{path.parent.name}/{path.name}" for path in files if path.name != "__init__.py"}

    assert core <= TESTS.keys()
    assert all((PACKAGE / module).is_file() for module in TESTS)
    assert all((ROOT / tests).exists() for held in TESTS.values() for tests in held)


@pytest.mark.parametrize("module", ["pricing/billing_rule.py", "ledger/line_item.py"])
def test_a_mutant_is_the_module_with_one_change(module: str) -> None:
    """It can be loaded, no two are alike, and all of its lines but the one stay as they are."""
    right = ast.unparse(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))

    mutants = list(mutants_of(module))

    assert max(Counter(mutant.source for mutant in mutants).values()) == 1
    for mutant in mutants:
        compile(mutant.source, module, "exec")
        theirs, ours = mutant.source.splitlines(), right.splitlines()
        changed = [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
        assert len(changed) == 1, mutant.change


def test_mutants_make_the_mistakes_that_matter() -> None:
    """A comparison that lets its border in or out, a sign, a number, a result that is lost."""
    changes = {mutant.change for mutant in mutants_of("pricing/billing_rule.py")}

    assert {
        "used_microseconds == 0  ->  used_microseconds != 0",
        "0  ->  1",
        "max  ->  min",
        "return 0  ->  return None",
        "used_microseconds // increment  ->  used_microseconds * increment",
    } <= changes
