// Sends documents by Elasticsearch's own client. stdin has the server's address, and then two lines for each document: its index and id,
// and the document itself. Each is parsed, so that the client writes the body.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Client } = createRequire(import.meta.url)("@elastic/elasticsearch");

const [node, ...lines] = readFileSync(0, "utf8").split("\n").filter(Boolean);
const client = new Client({ node, compression: true, maxRetries: 0 });
const operations = lines.map((line) => JSON.parse(line)).map((value, i) => (i % 2 === 0 ? { create: value } : value));
const answer = await client.bulk({ operations });
for (const item of answer.items.filter((item) => item.create.status >= 400)) console.log(JSON.stringify(item));
await client.close();
