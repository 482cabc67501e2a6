"""The screen's types of the API's answers: made of the OpenAPI document, and of the present one."""

import subprocess
from copy import deepcopy
from typing import Any

import pytest

from dumont_economy.api.openapi import openapi_document
from scripts.api_types import NODE, TYPES, WEB, api_types

# Compiles what reads some answers, with other types than those that are kept.
_COMPILE = """
import { readFileSync } from 'node:fs'
import ts from 'typescript'

const types = readFileSync(0, 'utf8')
const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
const host = ts.createCompilerHost(options)
const readFile = host.readFile
host.readFile = (path) => (path.endsWith('/api/schema.ts') ? types : readFile(path))
const files = ['src/api/savings.ts', 'src/api/instances.ts']
const program = ts.createProgram(files, { ...options, types: [] }, host)
for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  console.log(`${file?.fileName}: ${message}`)
}
"""


def complaints(types: str) -> list[str]:
    """Return what the compiler says of the screen's readers under some types."""
    command = [str(NODE), "--input-type=module", "--eval", _COMPILE]
    done = subprocess.run(
        command, input=types, cwd=WEB, text=True, capture_output=True, check=True, timeout=120
    )
    return done.stdout.splitlines()


def changed(document: dict[str, Any], schema: str, was: str, becomes: dict[str, Any]) -> None:
    """Make another member of one that a schema has."""
    described = document["components"]["schemas"][schema]
    del described["properties"][was]
    described["properties"] |= becomes
    described["required"] = [name for name in described["required"] if name != was] + [*becomes]


def test_the_screens_types_are_those_of_the_document() -> None:
    """`make api-types` writes them anew; the compiler then says what reads what is another."""
    assert TYPES.read_text(encoding="utf-8") == api_types(openapi_document())


@pytest.mark.timeout(180)
def test_the_compiler_finds_every_reader_of_a_changed_answer() -> None:
    """A member that is gone, one of another type, one that may be null, a word that is new."""
    document = deepcopy(openapi_document())
    changed(document, "SavingsAnswer", "lifetime_savings", {"lifetime_saved": {"type": "number"}})
    changed(document, "SavingsAnswer", "first_use", {"first_use": {"type": "string"}})
    nullable = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    changed(document, "InstanceInfo", "gpu_spelling", {"gpu_spelling": nullable})
    document["components"]["schemas"]["InstanceStatus"]["enum"].append("moved")

    found = complaints(api_types(document))

    changes = ('"lifetime_savings"', '"first_use"', '"gpu_spelling"', '"moved"')
    for change in changes:
        assert any(change in one for one in found), found
    for one in found:
        assert any(change in one for change in changes), one
