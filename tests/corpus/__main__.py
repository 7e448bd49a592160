"""Write the corpus anew, after a change of its mails: PYTHONPATH=tests python -m corpus.

Each mail is a file that a mail program can open; what must be understood of it stands beside it, in TOML.
"""

import json
from pathlib import Path
from typing import Any

from corpus.cases import Case, cases

FOLDER = Path(__file__).parent / "replies"


def written(case: Case) -> str:
    """What must be understood, as TOML: texts of several lines as they are."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in {"text": case.text, **case.more}.items())


def _value(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return f"'''\n{value}'''"
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    for old in FOLDER.iterdir():
        old.unlink()
    for number, case in enumerate(cases(), 1):
        name = FOLDER / f"{number:03}-{case.name}"
        name.with_suffix(".eml").write_bytes(case.raw)
        name.with_suffix(".toml").write_text(written(case))


if __name__ == "__main__":
    main()
