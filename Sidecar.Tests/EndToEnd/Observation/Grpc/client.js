'use strict';
// node client.js PORT COUNT: makes so many calls, several at once and on several connections, and prints a line for each.
const grpc = require('@grpc/grpc-js');
const { service, unknown, print } = require('./calls.js');

const [port, count] = process.argv.slice(2).map(Number);
const connections = 3;
const atOnce = 24;
// Long enough for a busy machine to have sent the call before.
const deadlineMs = 1000;
// Only a bug makes any other call take so long.
const limit = () => Date.now() + 30_000;

const Client = grpc.makeGenericClientConstructor({ ...service, ...unknown }, 'Calls');
const clients = Array.from({ length: connections }, () => new Client(
  `127.0.0.1:${port}`, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 }));

const messages = ['not found', '50% of nothing', 'naïve – 日本語 😀', 'two\nlines\tand "quotes" \\', ''];
const statuses = [2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16];

// What call number i asks for; every third ends with an error.
const request = (i) => ({
  id: i,
  status: i % 3 ? 0 : statuses[i % statuses.length],
  message: i % 3 ? '' : messages[i % messages.length],
  answers: i % 6,
  fill: 'x'.repeat((i * 37) % 3000),
});

// Makes one call, resolves with what became of it.
const run = (i) => new Promise((resolve) => {
  const client = clients[i % connections];
  const asked = request(i);
  let sent = 0, received = 0;
  const metadata = new grpc.Metadata();
  metadata.set('x-call', String(i));
  const kinds = {
    Unary: () => unary('Unary', limit()),
    Unknown: () => unary('Unknown', limit()),
    Collect: () => { const call = client.Collect(metadata, { deadline: limit() }, answered); ended(call); say(call, asked.answers + 1); call.end(); },
    Spread: () => { sent = 1; ended(listen(client.Spread(asked, metadata, { deadline: limit() }))); },
    Talk: () => { const call = ended(listen(client.Talk(metadata, { deadline: limit() }))); say(call, asked.answers + 1); call.end(); },
    Cancel: () => { sent = 1; const call = ended(listen(client.Hang(asked, metadata, { deadline: limit() }))); call.once('data', () => call.cancel()); },
    Deadline: () => { sent = 1; ended(listen(client.Hang(asked, metadata, { deadline: Date.now() + deadlineMs }))); },
    Refuse: () => { asked.status ||= 9; const call = client.Refuse(metadata, { deadline: limit() }, answered); ended(call); say(call, 1); },
  };
  const order = ['Unary', 'Collect', 'Spread', 'Talk', 'Unary', 'Talk', 'Spread', 'Unary', 'Collect', 'Unknown', 'Cancel', 'Refuse', 'Unary'];
  const kind = i % 100 === 7 ? 'Deadline' : order[i % order.length];

  function unary(method, deadline) {
    sent = 1;
    ended(client[method](asked, metadata, { deadline }, answered));
  }

  function answered(error) {
    if (!error) received++;
  }

  function say(call, times) {
    for (; sent < times; sent++) call.write(asked);
  }

  function listen(call) {
    call.on('data', () => received++);
    call.on('error', () => {});
    return call;
  }

  // The status is the last thing that a call has.
  function ended(call) {
    call.on('status', ({ code, details }) => setImmediate(() => resolve({ id: i, kind, path: methodOf(kind), status: code, message: details, sent, received })));
    return call;
  }

  kinds[kind]();
});

const methodOf = (kind) => `/test.Calls/${kind === 'Cancel' || kind === 'Deadline' ? 'Hang' : kind}`;

const ready = (client) => new Promise((resolve, reject) => client.waitForReady(limit(), (error) => error ? reject(error) : resolve()));

(async () => {
  await Promise.all(clients.map(ready));
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) print(await run(next++));
  }));
  clients.forEach((client) => client.close());
})();
