// Reads a JSON array of Kubernetes objects from stdin and prints one line for each mistake: values by the schemas of
// kubernetes-models, unknown fields by the TypeScript compiler, which refuses them in a literal of a known type.
import { readFileSync } from "node:fs";
import ts from "typescript";

const packages = {
  "cert-manager.io": "@kubernetes-models/cert-manager/",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api/",
  "networking.istio.io": "@kubernetes-models/istio/",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/",
};

const objects = JSON.parse(readFileSync(0, "utf8"));
const name = (object) => `${object.kind} ${object.metadata.name}`;
const mistakes = [];
const lines = [];

for (const object of objects) {
  const group = object.apiVersion.split("/")[0];
  const module = `${packages[group] ?? "kubernetes-models/"}${object.apiVersion}/${object.kind}`;
  try {
    const { [object.kind]: Model } = await import(module);
    new Model(object).validate();
  } catch (error) {
    mistakes.push(`${name(object)}: ${error.message}`);
  }
  const index = lines.length;
  lines.push(`import type { I${object.kind} as T${index} } from "${module}"; export const o${index}: T${index} = ${JSON.stringify(object)};`);
}

const file = new URL("./objects.ts", import.meta.url).pathname;
const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, types: [] };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.fileExists = (path) => path === file || fileExists(path);
host.readFile = (path) => (path === file ? lines.join("\n") : readFile(path));
host.getSourceFile = (path, ...rest) =>
  path === file ? ts.createSourceFile(path, lines.join("\n"), options.target) : getSourceFile(path, ...rest);

for (const found of ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))) {
  const at = found.file ? found.file.getLineAndCharacterOfPosition(found.start).line : 0;
  mistakes.push(`${found.file ? name(objects[at]) : "compiler"}: ${ts.flattenDiagnosticMessageText(found.messageText, " ")}`);
}

for (const mistake of mistakes) console.log(mistake);
