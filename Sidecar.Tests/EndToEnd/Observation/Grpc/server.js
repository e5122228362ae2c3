'use strict';
// A server on a free port of loopback, which it prints first, then a line for each call that it has ended.
const grpc = require('@grpc/grpc-js');
const { service, print } = require('./calls.js');

// A request says how it shall end: {id, status, message, answers, fill}.
const failure = ({ status, message }) => ({ code: status, details: message });

// As the client tells it: what it sent and received.
const told = (kind, { id, status, message }, sent, received) =>
  print({ id, kind, path: service[kind].path, status, message: status ? message : 'OK', sent, received });

const implementation = {
  Unary(call, callback) {
    told('Unary', call.request, 1, call.request.status ? 0 : 1);
    if (call.request.status) callback(failure(call.request));
    else callback(null, call.request);
  },

  Collect(call, callback) {
    let last, received = 0;
    call.on('data', (message) => { last = message; received++; });
    call.on('end', () => {
      told('Collect', last, received, last.status ? 0 : 1);
      if (last.status) callback(failure(last));
      else callback(null, last);
    });
  },

  Spread(call) {
    for (let i = 0; i < call.request.answers; i++) call.write(call.request);
    told('Spread', call.request, 1, call.request.answers);
    if (call.request.status) call.emit('error', failure(call.request));
    else call.end();
  },

  Talk(call) {
    let last, received = 0;
    call.on('data', (message) => { last = message; received++; call.write(message); });
    call.on('end', () => {
      told('Talk', last, received, received);
      if (last.status) call.emit('error', failure(last));
      else call.end();
    });
  },

  // Answers once and never ends.
  Hang(call) {
    call.write(call.request);
  },

  // Has had enough after the first message, while the client has more to say.
  Refuse(call, callback) {
    call.once('data', (message) => {
      told('Refuse', message, 1, 0);
      callback(failure(message));
    });
  },
};

const server = new grpc.Server();
server.addService(service, implementation);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  print({ port });
});
