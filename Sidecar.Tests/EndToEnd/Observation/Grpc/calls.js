'use strict';
// What client and server share: a service with messages in JSON, and lines of JSON on stdout.
const bytes = (value) => Buffer.from(JSON.stringify(value));
const method = (name, requestStream, responseStream) => ({
  path: `/test.Calls/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: JSON.parse,
  responseSerialize: bytes,
  responseDeserialize: JSON.parse,
});

exports.service = {
  Unary: method('Unary', false, false),
  Collect: method('Collect', true, false),
  Spread: method('Spread', false, true),
  Talk: method('Talk', true, true),
  Hang: method('Hang', false, true),
  Refuse: method('Refuse', true, false),
};

// The client knows it, the server does not.
exports.unknown = { Unknown: method('Unknown', false, false) };

exports.print = (value) => process.stdout.write(JSON.stringify(value) + '\n');
