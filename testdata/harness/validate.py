"""Holds a JSON file against a JSON schema: validate.py SCHEMA FILE. Exits with 77 when it cannot."""

import json
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

schema, document = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
mistakes = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in kind(schema).iter_errors(document)]
print("\n".join(mistakes))
sys.exit(bool(mistakes))
