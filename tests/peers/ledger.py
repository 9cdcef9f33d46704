"""A job whose runs note what they were told: what a rule or a schedule has sent shows in it."""

import json
import time

import graphs

ACCOUNT = "123456789012"
REGION = "us-east-1"
WAIT_SECONDS = 60


def trust(service):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    })


def may(*actions, resource="*"):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}],
    })


def role(iam, name, service, *actions):
    """A role that the service assumes; its ARN."""
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=may(*actions))
    return made["Arn"]


def until(holds, what, seconds=WAIT_SECONDS):
    """Waits until `holds()` is true; gives it back."""
    ends = time.monotonic() + seconds
    while not (held := holds()):
        assert time.monotonic() < ends, f"in {seconds} s it did not come to this: {what}"
        time.sleep(0.2)
    return held


class Ledger:
    """The job. It reads a small file and writes it aside."""

    def __init__(self, stave, s3, name):
        self.stave = stave
        self.name = name
        self.arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/{name}"
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="in/a.csv", Body=b"id\n1\n")
        nodes = {
            "in": graphs.csv_source("in", f"s3://{name}/in/"),
            "out": {"S3GlueParquetTarget": {
                "Name": "out", "Inputs": ["in"], "Path": f"s3://{name}/out/", "Compression": "snappy",
                "PartitionKeys": [],
            }},
        }
        file = stave.home.parent / f"{name}.json"
        file.write_text(json.dumps(nodes))
        stave.run("job", "import", file, "--name", name)

    def runs(self):
        """All runs that have ended, the oldest first."""
        listed = json.loads(self.stave.run("job", "runs", self.name, "--max", "1000", "--json").stdout)
        return [run for run in reversed(listed) if run["State"] != "RUNNING"]

    def told(self, count, seconds=WAIT_SECONDS):
        """What the runs were told, when there are `count` of them."""
        until(lambda: len(self.runs()) >= count, f"{count} runs of {self.name}", seconds)
        return [self.shown(run)["Arguments"] for run in self.runs()]

    def shown(self, run):
        return json.loads(self.stave.run("job", "show", run["Run"], "--json").stdout)

    def transformer(self, **paths):
        """An input transformer that tells the job of these paths of the event."""
        arguments = ", ".join(f'"--{name}": "<{name}>"' for name in paths)
        return {"InputPathsMap": paths, "InputTemplate": f'{{"Arguments": {{{arguments}}}}}'}
