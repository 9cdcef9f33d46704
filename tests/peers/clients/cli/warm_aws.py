"""The AWS command line, loaded once: every command is a fork of it, and does without the second that a start takes.

It reads requests as lines of JSON and answers each by one: the exit code, what was said, the operations that succeeded.
"""

import contextlib
import gc
import io
import json
import os
import signal
import sys
import tempfile

import awscli.clidriver

COMMAND_SECONDS = 120


def warm(driver, service):
    """Has it load what the service's commands need, without a request and without credentials."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        driver.main([service, "-"])
    name = {"s3api": "s3"}.get(service, service)
    driver.session.create_client(name, aws_access_key_id="-", aws_secret_access_key="-")


def command(driver, asked, succeeded):
    """What the process of the command does; gives back its exit code."""
    signal.alarm(COMMAND_SECONDS)
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])

    def after_call(http_response, model, **_):
        if http_response.status_code < 300:
            print(model.service_model.service_name, model.name, file=succeeded, flush=True)

    driver.session.register("after-call", after_call)
    try:
        return driver.main(asked["words"])
    except SystemExit as end:
        return end.code


def fork(driver, asked):
    """Runs the command in a process of its own, with files for what it says."""
    with contextlib.ExitStack() as files:
        out, err, succeeded = (files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        pid = os.fork()
        if not pid:
            with open(os.devnull) as nothing:
                os.dup2(nothing.fileno(), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            code = command(driver, asked, succeeded)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = [(file.seek(0), file.read())[1] for file in (out, err, succeeded)]
    operations = [line.split() for line in said[2].splitlines()]
    return {"code": code, "stdout": said[0], "stderr": said[1], "operations": operations}


def main():
    gc.disable()  # It would touch, and so copy, the memory that the forks share.
    sys.argv = ["aws"]
    driver, known = awscli.clidriver.create_clidriver(), set()
    driver.session.get_component("data_loader").list_available_services("paginators-1")  # a walk through many folders
    for line in sys.stdin:
        asked = json.loads(line)
        service = asked["words"][0]
        if service not in known:
            warm(driver, service)
            known.add(service)
        print(json.dumps(fork(driver, asked)), flush=True)


if __name__ == "__main__":
    main()
