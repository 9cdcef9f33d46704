"""Logins of the program in a browser (requests is one), killed where it matters."""

import json
import subprocess
import time

import pytest
import requests

from spotify_sandbox import sandbox  # noqa: F401


def hosts(server):
    return ("--accounts-url", server.base, "--api-url", f"{server.base}/v1", "--client-id", "me")


def log_in(stave, server):
    """Logs in as a user does; gives back the path of the login."""
    login = subprocess.Popen(
        stave.command("spotify", "login", "--no-browser", *hosts(server)), env=stave.env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    landed = requests.get(login.stdout.readline().strip(), timeout=20)
    assert landed.status_code == 200 and "has the login" in landed.text
    said = login.communicate(timeout=20)[1]
    assert login.returncode == 0, said
    return stave.home / "spotify/default.json"


def used_up(path):
    """Makes the access token of a login an old one; gives back its refresh token."""
    tokens = json.loads(path.read_text())
    tokens["expires_at"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(tokens))
    return tokens["refresh_token"]


def until(what):
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < 15
        time.sleep(0.02)


def extract(server):
    return ("spotify", "extract", "--stream", "me", "--bucket", "s3://raw", *hosts(server))


@pytest.mark.parametrize("times", [1, 3])
def test_a_token_is_in_its_file_before_it_is_used(sandbox, stave, times):
    """A refresh token is good once: a run that is killed between its refresh and its first answer
    must not take the login with it."""
    server = sandbox("--fault", f"GET /v1/me: delay 20s x{times}")
    stave.run("mb", "s3://raw")
    path = log_in(stave, server)
    for _ in range(times):
        before = used_up(path)
        run = subprocess.Popen(
            stave.command(*extract(server)), env=stave.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        # The sandbox holds back the answer that the new token is for.
        until(lambda: json.loads(path.read_text())["refresh_token"] != before)
        assert run.poll() is None
        time.sleep(0.3)
        run.kill()
        run.wait(10)
        assert path.stat().st_mode & 0o777 == 0o600
    used_up(path)
    done = stave.run(*extract(server))
    assert "complete" in done.stdout


def test_who_says_no_gets_no_login(sandbox, stave):
    server = sandbox("--deny")
    login = subprocess.Popen(
        stave.command("spotify", "login", "--no-browser", *hosts(server)), env=stave.env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    requests.get(login.stdout.readline().strip(), timeout=20)
    said = login.communicate(timeout=20)[1]
    assert login.returncode == 1 and "refused in the browser" in said, said
    assert not (stave.home / "spotify/default.json").exists()


def test_a_login_that_was_taken_back_says_what_to_do(sandbox, stave):
    server = sandbox("--fault", "POST /api/token: 400 after 1")
    stave.run("mb", "s3://raw")
    path = log_in(stave, server)
    token = used_up(path)
    for _ in range(2):
        done = stave.run(*extract(server), check=False)
        assert done.returncode == 1
        assert "revoked" in done.stderr and "stave spotify login" in done.stderr
        assert token not in done.stdout + done.stderr
    # A file that was cut off is no reason to crash, and is not quoted.
    path.write_text(path.read_text()[:80])
    done = stave.run(*extract(server), check=False)
    assert done.returncode == 1 and "stave spotify login" in done.stderr, done.stderr
    assert "access_token" not in done.stderr
