"""Asks whether the tests of the rating core can fail: one small mistake at a time must be noticed.

The package is copied, one operator, constant or statement of the copy is changed, and the fast
tests of that module run against it. A mutant that no test notices has survived: a gap in the tests,
or a change without a meaning. Exits 1 where fewer than 90 % are killed.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "dumont_economy"
LEAST_KILLED_PERCENT = 90
TIMEOUT_SECONDS = 300

_LAWS = ("tests/properties/test_rating_laws.py", "tests/properties/test_account_machine.py")
# Each module with the tests that have to notice; the quickest are asked first.
TESTS = {
    "ledger/ledger_entry.py": (
        "tests/unit/ledger/test_ledger_entry.py",
        "tests/integration/test_scenarios.py",
    ),
    "ledger/line_item.py": ("tests/unit/ledger", *_LAWS),
    "ledger/rating.py": ("tests/unit/ledger", *_LAWS),
    "ledger/usage_step.py": (
        "tests/unit/ledger/test_usage_sum.py",
        "tests/properties/test_ended_usage_laws.py",
    ),
    "ledger/usage_sum.py": (
        "tests/unit/ledger/test_usage_sum.py",
        "tests/properties/test_ended_usage_laws.py",
    ),
    "metering/gpu_session.py": ("tests/unit/metering/test_gpu_session.py", *_LAWS),
    "money.py": ("tests/unit/test_money.py", *_LAWS),
    "pricing/billing_rule.py": ("tests/unit/pricing/test_billing_rule.py", *_LAWS),
    "savings/ledger_figures.py": (
        "tests/unit/ledger/test_ledger_entry.py",
        "tests/integration/test_scenarios.py",
    ),
    "savings/live_disk.py": ("tests/unit/savings", "tests/api/test_live.py"),
    "savings/live_rate.py": ("tests/unit/savings", *_LAWS),
    "savings/local_day.py": (
        "tests/unit/savings/test_local_day.py",
        "tests/properties/test_local_day_laws.py",
    ),
    "savings/moving_totals.py": ("tests/unit/savings", "tests/properties/test_open_usage_laws.py"),
    "savings/open_usage.py": (
        "tests/unit/savings",
        "tests/properties/test_open_usage_laws.py",
        *_LAWS,
    ),
    "savings/period.py": ("tests/unit/savings/test_period.py",),
    "savings/projection.py": ("tests/unit/savings",),
    "savings/totals.py": ("tests/unit/savings", *_LAWS),
}
# One run of everything against the model, and none of what takes a server or a mistake of its own.
_LEFT_OUT = "not mistake and not postgresql"

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_FUNCTIONS = {"max": "min", "min": "max"}


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake in it."""

    module: str
    line: int
    change: str
    source: str


def main() -> int:
    """Try mutants, say which survived, and return how the command ends."""
    arguments = _arguments()
    mutants = [mutant for module in TESTS for mutant in mutants_of(module)]
    total = len(mutants)
    if arguments.sample is not None:
        chosen_by = random.Random(arguments.seed)  # noqa: S311  repeatable, not secret
        picked = chosen_by.sample(mutants, min(arguments.sample, total))
        mutants = sorted(picked, key=lambda one: (one.module, one.line, one.change))
    print(f"{len(mutants)} of {total} mutants, seed {arguments.seed}", flush=True)
    with TemporaryDirectory() as folder:
        sources = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(PACKAGE, sources / PACKAGE.name, ignore=ignored)
        for tests in sorted({tests for mutant in mutants for tests in TESTS[mutant.module]}):
            if _fails(tests, sources):
                print(f"{tests} fails without a mutant.")
                return 1
        killed = sum(_is_killed(mutant, sources) for mutant in mutants)
    percent = 100 * killed / len(mutants)
    print(f"{killed} of {len(mutants)} killed, {percent:.1f} %")
    return 0 if percent >= LEAST_KILLED_PERCENT else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="try N of them; all by default")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    return parser.parse_args()


def _is_killed(mutant: Mutant, sources: Path) -> bool:
    """Put a mutant into the copy, see if a test notices, and take it out again."""
    path = sources / PACKAGE.name / mutant.module
    path.write_text(mutant.source, encoding="utf-8")
    try:
        is_killed = is_noticed(mutant.module, sources)
    finally:
        shutil.copyfile(PACKAGE / mutant.module, path)
    said = "killed  " if is_killed else "SURVIVED"
    print(f"{said} {mutant.module}:{mutant.line}: {mutant.change}", flush=True)
    return is_killed


def is_noticed(module: str, sources: Path) -> bool:
    """Say whether a test of a module fails, or never ends, with the package in a folder."""
    return any(_fails(tests, sources) for tests in TESTS[module])


def _fails(tests: str, sources: Path) -> bool:
    command = (sys.executable, "-m", "pytest", tests, "-x", "-q", "-k", _LEFT_OUT)
    plugins = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:xdist")
    environment = {
        **os.environ,
        "PYTHONPATH": str(sources),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DUMONT_ECONOMY_EXAMPLES": "mutants",
    }
    try:
        run = subprocess.run(
            [*command, *plugins],
            check=False,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def mutants_of(module: str) -> Iterator[Mutant]:
    """Make every mutant of a module."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    for node in list(ast.walk(tree)):
        for other in _replacements(node):
            _Swap(node, other).visit(tree)
            source = ast.unparse(tree)
            _Swap(other, node).visit(tree)
            change = f"{_shown(node)}  ->  {_shown(other)}"
            yield Mutant(module, getattr(node, "lineno", 0), change, source)


class _Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Return what may stand in the place of a node by a small mistake."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            ops = [*node.ops[:place], _OPERATORS[type(operator)](), *node.ops[place + 1 :]]
            yield _with(node, ops=ops)
    elif isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in _OPERATORS:
        yield _with(node, op=_OPERATORS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Name) and node.id in _FUNCTIONS:
        yield ast.Name(_FUNCTIONS[node.id])
    elif isinstance(node, ast.Return) and ast.unparse(node) not in ("return", "return None"):
        yield ast.Return(ast.Constant(None))
    if _is_droppable(node):
        yield ast.Pass()


def _is_droppable(node: ast.AST) -> bool:
    """Say whether a statement can be left out without a name being missed."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return is_call or isinstance(node, ast.AugAssign | ast.Break | ast.Continue)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """Return a node with some fields changed."""
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _shown(node: ast.AST) -> str:
    return shorten(ast.unparse(node), 60)


if __name__ == "__main__":
    sys.exit(main())
