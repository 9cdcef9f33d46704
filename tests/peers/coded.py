"""Functions that run on the interpreter of the tests: nothing is installed, nobody's network is used."""

import json
import sys
import textwrap

RUNTIME = "python3.13"


def configure(stave, interpreter=sys.executable, packages=()):
    """Has the home's Python functions run on `interpreter`, with these packages beside what it has."""
    stave.home.mkdir(parents=True, exist_ok=True)
    lines = ["[functions]", f'interpreters = {{ "{RUNTIME}" = "{interpreter}" }}']
    if packages is not None:
        lines.append(f"packages = {json.dumps(list(packages))}")
    (stave.home / "config.toml").write_text("\n".join(lines) + "\n")
    return stave


def code(folder, source, name="lambda_function.py"):
    """A folder with the code of a function."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(textwrap.dedent(source))
    return folder
