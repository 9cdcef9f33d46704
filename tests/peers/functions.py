"""Functions for tests: their zips, their roles, and a home whose functions run on this Python."""

import base64
import hashlib
import io
import json
import sys
import textwrap
import urllib.request
import zipfile

RUNTIME = "python{}.{}".format(*sys.version_info)
HANDLER = "lambda_function.lambda_handler"
ECHO = "def lambda_handler(event, context):\n    return event\n"


def configure(home, packages=()):
    """Has functions run on this interpreter, with the packages that it has and those that are named
    (None: those that every function has)."""
    home.mkdir(parents=True, exist_ok=True)
    lines = ["[functions]", f'interpreters = {{ "{RUNTIME}" = "{sys.executable}" }}']
    if packages is not None:
        lines.append(f"packages = {json.dumps(list(packages))}")
    (home / "config.toml").write_text("\n".join(lines) + "\n")
    return home


def code(folder, source, name="lambda_function.py"):
    """A folder with the code of a function."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(textwrap.dedent(source))
    return folder


def zipped(*code, **files):
    """A zip: `lambda_function.py` with that code, or files by name, as pairs or keywords."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in code:
            name, text = one if isinstance(one, tuple) else ("lambda_function.py", one)
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name == "bootstrap" else 0o644) << 16
            archive.writestr(entry, text)
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


def trust(service="lambda.amazonaws.com"):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    })


def role(iam, name, *statements, service="lambda.amazonaws.com"):
    """A role that functions may have, and what it may do; gives back its ARN."""
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(document))
    return arn


def answer(response):
    """What a function answered, as parsed JSON."""
    return json.loads(response["Payload"].read())


def tail(response):
    """The end of the log."""
    return base64.b64decode(response["LogResult"]).decode()


def sha256(data):
    """The hash of code as Lambda shows it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def fetch(url):
    """What lies at an address, asked for without a signature."""
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()
