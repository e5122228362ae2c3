// Reads requests of OTLP from stdin, one a line: {"signal":"traces","json":false,"body":"BASE64"}. Checks each against the official protobuf
// definitions and the names of the semantic conventions. Prints a line for each: {"mistakes":[...],"request":{...}}, with the request as the
// definitions understand it, the same for JSON and protobuf.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const collector = require("@opentelemetry/otlp-transformer/build/src/generated/root").opentelemetry.proto.collector;
const requests = {
  traces: collector.trace.v1.ExportTraceServiceRequest,
  logs: collector.logs.v1.ExportLogsServiceRequest,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest,
};
const conventions = require("@opentelemetry/semantic-conventions/incubating");
const names = new Set(Object.values(conventions).filter((value) => typeof value === "string"));
const templates = [conventions.ATTR_HTTP_REQUEST_HEADER(""), conventions.ATTR_HTTP_RESPONSE_HEADER("")];

// OTLP's JSON has hexadecimal ids, where protobuf's JSON has base64 (docs/specification.md, "JSON Protobuf Encoding").
const isId = (key) => /^(traceId|spanId|parentSpanId)$/.test(key);
const withBytes = (key, value) => (isId(key) ? Buffer.from(value, "hex").toString("base64") : value);
const withHex = (key, value) => (isId(key) ? Buffer.from(value, "base64").toString("hex") : value);

// What was lost on the way through the definitions, with paths.
function lost(before, after, path) {
  if (before === null || typeof before !== "object") return String(before) === String(after) ? [] : [`${path}: ${before} became ${after}`];
  return Object.keys(before).flatMap((key) => (after?.[key] === undefined ? [`${path}.${key}: no such field`] : lost(before[key], after[key], `${path}.${key}`)));
}

// Each object with a key and a value is an attribute.
function* attributes(value) {
  if (value === null || typeof value !== "object") return;
  if ("key" in value && "value" in value) yield value;
  for (const child of Object.values(value)) yield* attributes(child);
}

function* ids(value) {
  if (value === null || typeof value !== "object") return;
  for (const [key, child] of Object.entries(value)) {
    if (isId(key)) yield [key, child];
    else yield* ids(child);
  }
}

function check({ signal, json, body }) {
  const Request = requests[signal];
  const bytes = Buffer.from(body, "base64");
  const mistakes = [];
  let message;
  if (json) {
    const request = JSON.parse(bytes.toString("utf8"), withBytes);
    message = Request.fromObject(request);
    const decoded = Request.toObject(Request.decode(Request.encode(message).finish()), { longs: String, bytes: String });
    mistakes.push(...lost(request, decoded, "request"));
  } else {
    message = Request.decode(bytes);
    // A field that the definitions do not have is passed over when it is read, and so missing when it is written. OpenTelemetry's SDK, which
    // sends metrics, writes lengths longer than they need be.
    const again = Request.encode(message).finish();
    if (signal !== "metrics" && again.length !== bytes.length) mistakes.push(`${bytes.length} bytes became ${again.length}`);
  }
  const error = Request.verify(message);
  if (error) mistakes.push(error);
  const request = Request.toObject(message, { longs: String, bytes: String });
  for (const [key, id] of ids(request)) {
    const length = Buffer.from(id, "base64").length;
    if (length !== (key === "traceId" ? 16 : 8)) mistakes.push(`${key} of ${length} bytes`);
  }
  // Attributes of metrics are labels, with names of their own.
  for (const { key } of attributes(signal === "metrics" ? request.resourceMetrics.map((r) => r.resource) : request))
    if (!names.has(key) && !templates.some((template) => key.startsWith(template)) && !/^sidecar\./.test(key)) mistakes.push(`${key}: no such attribute`);
  return { mistakes, request: JSON.parse(JSON.stringify(request), withHex) };
}

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) console.log(JSON.stringify(check(JSON.parse(line))));
