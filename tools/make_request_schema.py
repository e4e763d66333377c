"""Write docs/request.schema.json, the published JSON Schema of a request."""

from __future__ import annotations

import json
from pathlib import Path

from moms.outages import request_schema

TARGET = Path(__file__).resolve().parents[1] / "docs" / "request.schema.json"


def text() -> str:
    """Give the file's text."""
    return json.dumps(request_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET}")
