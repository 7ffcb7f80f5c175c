"""Holds JSON files against a JSON schema: validate.py SCHEMA FILE... Exits with 77 when it cannot."""

import json
import os
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

schema, *documents = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema)
mistakes = [
    f"{os.path.basename(path)}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
    for path, document in zip(sys.argv[2:], documents)
    for error in validator.iter_errors(document)
]
print("\n".join(mistakes))
sys.exit(bool(mistakes))
