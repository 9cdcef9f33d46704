// Runs a Node.js handler behind the Lambda Runtime API, in the manner of AWS's own runtime
// interface client: the same errors, the same shapes, the same log lines.

import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import util from "node:util";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const VERSION = "/2018-06-01/runtime/";
let requestId = "";

function call(method, where, body = "", headers = {}) {
  return new Promise((resolve, reject) => {
    const length = { "Content-Length": Buffer.byteLength(body) };
    const options = { host, port, agent, method, path: VERSION + where, headers: { ...headers, ...length } };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.setNoDelay(true);
    request.end(body);
  });
}

class Fault extends Error {
  constructor(kind, message) {
    super(message);
    this.name = kind;
  }
}

function errorBody(error) {
  if (util.types.isNativeError(error) || (error && error.name && error.message !== undefined && error.stack !== undefined)) {
    return {
      errorType: String(error.name).replace(/\x7F/g, "%7F"),
      errorMessage: String(error.message).replace(/\x7F/g, "%7F"),
      trace: String(error.stack).replace(/\x7F/g, "%7F").split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

// A carriage return keeps the lines together, as one event of the log. Written at once: an exit
// must not lose it.
function writeLine(text) {
  fs.writeSync(1, text.replace(/\n/g, "\r") + "\n");
}

for (const [name, level] of [
  ["log", "INFO"],
  ["trace", "TRACE"],
  ["debug", "DEBUG"],
  ["info", "INFO"],
  ["warn", "WARN"],
  ["error", "ERROR"],
]) {
  console[name] = (...given) => {
    writeLine([new Date().toISOString(), requestId || "undefined", level, util.format(...given)].join("\t"));
  };
}

async function report(where, error, label) {
  const body = errorBody(error);
  const logged = { errorType: body.errorType, errorMessage: body.errorMessage, stack: body.trace };
  console.error(`${label} `, JSON.stringify(logged));
  const kind = body.errorType.replace(/[^\x20-\x7e]/g, "?");
  const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": kind };
  await call("POST", where, JSON.stringify(body), headers);
}

async function load(handler) {
  const root = process.env.LAMBDA_TASK_ROOT;
  const base = path.basename(handler);
  const folder = handler.slice(0, handler.length - base.length);
  const [moduleName, ...names] = base.split(".");
  if (names.length === 0 || handler.includes("..")) {
    throw new Fault("Runtime.MalformedHandlerName", "Bad handler");
  }
  const stem = path.resolve(root, folder, moduleName);
  let module;
  try {
    module = await importFrom(stem);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Fault("Runtime.UserCodeSyntaxError", String(error.stack));
    }
    if (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND") {
      throw new Fault("Runtime.ImportModuleError", String(error));
    }
    throw error;
  }
  const found = names.reduce((within, name) => within && within[name], module);
  if (!found) {
    throw new Fault("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  }
  if (typeof found !== "function") {
    throw new Fault("Runtime.HandlerNotFound", `${handler} is not a function`);
  }
  return found;
}

async function importFrom(stem) {
  const require = createRequire(stem + ".js");
  const tried = [stem, stem + ".js", stem + ".mjs", stem + ".cjs"];
  const file = tried.find((file) => fs.existsSync(file) && fs.statSync(file).isFile());
  if (file === undefined) {
    // Says what is missing in Node's own words.
    return require(stem);
  }
  if (file.endsWith(".mjs") || (file.endsWith(".js") && isModule(path.dirname(file)))) {
    return import(pathToFileURL(file).href);
  }
  return require(file);
}

function isModule(folder) {
  for (;;) {
    const file = path.join(folder, "package.json");
    if (fs.existsSync(file)) {
      return JSON.parse(fs.readFileSync(file, "utf8")).type === "module";
    }
    if (folder === process.env.LAMBDA_TASK_ROOT || folder === path.dirname(folder)) return false;
    folder = path.dirname(folder);
  }
}

function contextOf(headers, end) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  const identity = headers["lambda-runtime-cognito-identity"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, value) => end(error, value),
    succeed: (value) => end(null, value),
    fail: (error) => end(error ?? "handled"),
  };
}

function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const end = (error, value) => (error !== null && error !== undefined ? reject(error) : resolve(value));
    const context = contextOf(headers, end);
    // A callback answers when nothing is left to do, unless the handler says otherwise.
    const callback = (error, value) => {
      const answer = () => end(error, value);
      process.removeAllListeners("beforeExit");
      if (context.callbackWaitsForEmptyEventLoop) process.once("beforeExit", answer);
      else setImmediate(answer);
    };
    // A handler of two parameters that returns nothing and leaves the event loop empty is done.
    process.once("beforeExit", () => resolve(null));
    const returned = handler(event, context, callback);
    if (returned && typeof returned.then === "function") returned.then(resolve, reject);
  }).finally(() => process.removeAllListeners("beforeExit"));
}

async function serve(handler) {
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    requestId = headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    let answer;
    try {
      const value = await run(handler, JSON.parse(body), headers);
      answer = JSON.stringify(value === undefined ? null : value);
      if (answer === undefined) answer = "null";
    } catch (error) {
      await report(`invocation/${requestId}/error`, error, "Invoke Error");
      continue;
    }
    await call("POST", `invocation/${requestId}/response`, answer);
  }
}

async function dieOf(error, label) {
  const fault = error instanceof Error ? error : new Error(String(error));
  const kind = label === "Unhandled Promise Rejection" ? "Runtime.UnhandledPromiseRejection" : fault.name;
  const shown = new Fault(kind, label === "Unhandled Promise Rejection" ? String(error) : fault.message);
  shown.stack = fault.stack;
  const where = requestId ? `invocation/${requestId}/error` : "init/error";
  await report(where, shown, label).catch(() => {});
  process.exit(requestId ? 128 : 1);
}
process.on("uncaughtException", (error) => dieOf(error, "Uncaught Exception"));
process.on("unhandledRejection", (error) => dieOf(error, "Unhandled Promise Rejection"));

let handler;
try {
  handler = await load(process.env._HANDLER ?? "");
} catch (error) {
  await report("init/error", error, "Init Error").catch(() => {});
  process.exit(1);
}
serve(handler).catch(() => process.exit(0));
