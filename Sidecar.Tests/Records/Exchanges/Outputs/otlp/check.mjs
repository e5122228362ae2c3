// Reads requests of OTLP/HTTP in JSON from stdin, one a line, checks each against the official protobuf definitions, and prints one line
// for each mistake: a wrong type, or a field that the definitions do not have.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const root = createRequire(import.meta.url)("@opentelemetry/otlp-transformer/build/src/generated/root");
const Request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

// OTLP's JSON has hexadecimal ids, where protobuf's JSON has base64 (docs/specification.md, "JSON Protobuf Encoding").
const withBytes = (key, value) => (/^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value, "hex").toString("base64") : value);

// What was lost on the way through the definitions, with paths.
function lost(before, after, path) {
  if (before === null || typeof before !== "object") return String(before) === String(after) ? [] : [`${path}: ${before} became ${after}`];
  return Object.keys(before).flatMap((key) => (after?.[key] === undefined ? [`${path}.${key}: no such field`] : lost(before[key], after[key], `${path}.${key}`)));
}

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const request = JSON.parse(line, withBytes);
  const message = Request.fromObject(request);
  const error = Request.verify(message);
  if (error) console.log(error);
  const decoded = Request.toObject(Request.decode(Request.encode(message).finish()), { longs: String, bytes: String });
  for (const mistake of lost(request, decoded, "request")) console.log(mistake);
  for (const span of request.resourceSpans.flatMap((r) => r.scopeSpans).flatMap((s) => s.spans)) {
    for (const [key, bytes] of [["traceId", 16], ["spanId", 8], ["parentSpanId", 8]])
      if (span[key] !== undefined && Buffer.from(span[key], "base64").length !== bytes) console.log(`${key}: ${span[key]}`);
  }
}
