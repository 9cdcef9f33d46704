"""A command of the warm command line says what the process says, and ends as that does."""

import shlex

import aws_process
import pytest


@pytest.mark.parametrize("line", ["sts get-caller-identity --query Arn --output text", "iam get-user --user-name none"])
def test_it_is_as_the_process(aws, server, line):
    done = aws_process.Aws(server, aws.folder)(*shlex.split(line), check=False)
    warm = aws.run(line)
    assert (warm["code"], warm["stdout"], warm["stderr"]) == (
        done.returncode, done.stdout.decode(), done.stderr.decode(),
    )
