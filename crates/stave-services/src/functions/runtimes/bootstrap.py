"""Runs a Python handler behind the Lambda Runtime API.

In the manner of AWS's own runtime interface client: the same errors, the same shapes, the same
log lines. It speaks HTTP over a plain socket, because importing a client would take longer than
everything else that it does. It must run on every Python from 3.8 on.
"""

import json
import os
import socket
import sys
import time

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
VERSION = "/2018-06-01/runtime/"
FRAMES_OF_OURS = 2


class Gone(Exception):
    """The other side is not there any more."""


class Api:
    """One connection that is kept."""

    def __init__(self):
        host, _, port = API.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def call(self, method, path, body=b"", headers=()):
        lines = ["%s %s%s HTTP/1.1" % (method, VERSION, path), "Host: " + API]
        lines.extend("%s: %s" % header for header in headers)
        lines.append("Content-Length: %d\r\n\r\n" % len(body))
        try:
            self.socket.sendall("\r\n".join(lines).encode("latin-1") + body)
            return self.answer()
        except OSError as error:
            raise Gone from error

    def answer(self):
        status = self.file.readline()
        if not status:
            raise Gone
        headers = {}
        while True:
            line = self.file.readline()
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", 0)))
        return int(status.split()[1]), headers, body


class CognitoIdentity:
    """Who calls from a mobile application."""

    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, given):
        self.cognito_identity_id = given.get("cognitoIdentityId")
        self.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")


class Client:
    """The application that calls."""

    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __init__(self, given):
        for name in self.__slots__:
            setattr(self, name, given.get(name))


class ClientContext:
    """What the application that calls says of itself."""

    __slots__ = ["custom", "env", "client"]

    def __init__(self, given):
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = Client(given["client"]) if given.get("client") else None


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, headers):
        environ = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = None
        context = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(json.loads(context)) if context else None
        identity = headers.get("lambda-runtime-cognito-identity")
        self.identity = CognitoIdentity(json.loads(identity) if identity else {})
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        left = self._epoch_deadline_time_in_ms - int(time.time() * 1000)
        return left if left > 0 else 0

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = ",".join("%s=%s" % (name, value) for name, value in vars(self).items())
        return "LambdaContext([%s])" % shown


class Fault(Exception):
    """What keeps a handler from being run at all."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace or []


def error_body(message, kind, trace, request_id=""):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def frames(trace):
    return ['  File "%s", line %d, in %s\n    %s\n' % tuple(frame) for frame in trace]


def log_error(body):
    lines = ["[ERROR]"]
    if body["errorType"]:
        lines[0] += " " + body["errorType"]
    if body["errorMessage"]:
        lines[0] += (":" if body["errorType"] else "") + " " + body["errorMessage"]
    lines.append("Traceback (most recent call last):")
    lines.extend(frame.rstrip("\n") for frame in body["stackTrace"])
    # A carriage return keeps the lines together, as one event of the log.
    sys.stdout.write("\r".join(lines).replace("\n", "\r") + "\n")
    sys.stdout.flush()


def failure(request_id):
    """The error that is being handled, as a function reports it."""
    import traceback

    kind, error, trace = sys.exc_info()
    if kind is Fault:
        return error_body(error.message, error.kind, frames(error.trace), request_id)
    below = traceback.extract_tb(trace)[FRAMES_OF_OURS:]
    # Frames of the import system tell nobody anything.
    shown = [frame for frame in below if not frame[0].startswith("<frozen importlib")]
    return error_body(str(error), kind.__name__, frames(shown), request_id)


def load(handler):
    """Finds the handler, `package.module.function`."""
    import importlib

    try:
        module_name, name = handler.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, error)) from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % module_name,
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(
            "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)
        ) from None
    except SyntaxError as error:
        place = (error.filename, error.lineno or 0, "<module>", (error.text or "").strip())
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module_name, error),
            [place],
        ) from None
    try:
        return getattr(module, name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module_name)
        ) from None


def to_json(value):
    """As the handler's answer is written: a Decimal is a number."""
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def set_up_logging(current):
    """The root logger's handler, as AWS's runtime has it; it is made when logging is imported."""
    import logging

    class Filter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = current[0]
            return True

    class Handler(logging.Handler):
        def emit(self, record):
            sys.stdout.write(self.format(record))

    handler = Handler()
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n",
        "%Y-%m-%dT%H:%M:%S",
    )
    formatter.converter = time.gmtime
    # Lines that belong together stay together.
    plain = formatter.format
    formatter.format = lambda record: plain(record).rstrip("\n").replace("\n", "\r") + "\n"
    handler.setFormatter(formatter)
    handler.addFilter(Filter())
    logging.getLogger().addHandler(handler)


def answer_of(handler, headers, body):
    """What the handler says to one event, as JSON."""
    request_id = headers["lambda-runtime-aws-request-id"]
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from None
    answer = handler(event, LambdaContext(headers))
    try:
        return json.dumps(answer, ensure_ascii=False, default=to_json).encode()
    except Exception as error:
        raise Fault(
            "Runtime.MarshalError", "Unable to marshal response: %s" % error
        ) from None


def report(api, path, body):
    log_error(body)
    kind = body["errorType"].encode("latin-1", "replace").decode("latin-1").replace("\r", " ").replace("\n", " ")
    headers = [("Lambda-Runtime-Function-Error-Type", kind), ("Content-Type", "application/json")]
    api.call("POST", path, json.dumps(body).encode(), headers)


def serve(api, handler, current):
    while True:
        _, headers, body = api.call("GET", "invocation/next")
        request_id = current[0] = headers["lambda-runtime-aws-request-id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
        path = "invocation/%s/" % request_id
        try:
            answer = answer_of(handler, headers, body)
        except Gone:
            raise
        except Exception:
            report(api, path + "error", failure(request_id))
            continue
        flush()
        api.call("POST", path + "response", answer)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    # The folder of this file is not the function's.
    root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path[0] = root
    sys.modules["__main__"].__spec__ = None
    current = [""]
    api = Api()
    set_up_logging(current)
    try:
        handler = load(os.environ.get("_HANDLER", ""))
    except Exception:
        report(api, "init/error", failure(""))
        flush()
        os._exit(1)
    try:
        serve(api, handler, current)
    except Gone:
        flush()
        # Threads of the function must not hold up the end.
        os._exit(0)


if __name__ == "__main__":
    main()
