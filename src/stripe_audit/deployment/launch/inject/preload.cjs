// Runs first in every Node.js process of a launched target, by --require in its NODE_OPTIONS.
//
// A TLS connection to Stripe's API becomes a plain one to the audit's Stripe: below every SDK, agent, module system and
// fetch, so that none of them has to be known. Stripe's other hosts are out of reach; the audit's keys stay in the
// environment, whatever the app reads from its files; a server that would listen on all addresses of the machine stays
// on the loopback. The file that INJECTED_BY_STRIPE_AUDIT names says what to do, and what was done is noted beside it,
// without any value of the app's.
//
// Node.js 14 and newer. An app that was not started by the audit, or whose instructions are gone, is left as it is.
'use strict';

const fs = require('fs');

const VARIABLE = 'INJECTED_BY_STRIPE_AUDIT';
const API_HOSTS = ['api.stripe.com', 'files.stripe.com', 'connect.stripe.com', 'meter-events.stripe.com'];
const EVERYWHERE = [undefined, null, '', '0.0.0.0', '::'];
const KINDS = [
  [/^[sr]k_(test|live)_/, 'secret_key'],
  [/^pk_(test|live)_/, 'publishable_key'],
  [/^whsec_/, 'webhook_secret'],
];

function isStripes(host) {
  return typeof host === 'string' && /(^|\.)stripe\.com\.?$/i.test(host);
}

function isApi(host) {
  return isStripes(host) && API_HOSTS.includes(host.toLowerCase().replace(/\.$/, ''));
}

// One line for the audit. Short enough that lines of several processes do not mix.
function note(order, event) {
  try {
    fs.appendFileSync(order.notes, JSON.stringify({ pid: process.pid, ...event }) + '\n', { mode: 0o600 });
  } catch {
    // the audit is gone
  }
}

// The environment

function has(values, name) {
  return Object.prototype.hasOwnProperty.call(values, name);
}

// What a variable is that holds this value: the audit's, if it is one of the audit's or holds a Stripe key; null where
// the audit wants it unset.
function ours(order, name, value, isSaid) {
  if (typeof name !== 'string' || typeof value !== 'string') return value;
  const kind = (KINDS.find(([shape]) => shape.test(value)) || [])[1];
  const isPinned = has(order.pinned, name);
  const own = isPinned ? order.pinned[name] : kind && order.keys[kind];
  if (own === undefined || own === value || (!isPinned && Object.values(order.keys).includes(value))) return value;
  if (kind && isSaid) note(order, { event: 'key replaced', variable: name, live: value.includes('_live_') });
  return own;
}

function keepVariables(order) {
  const environment = process.env;
  for (const name of Object.keys(environment)) {
    const value = environment[name]; // a parent may have set a port of its own for us, but no key
    if (!KINDS.some(([shape]) => shape.test(value))) continue;
    const own = ours(order, name, value, true);
    if (own === null) delete environment[name];
    else environment[name] = own;
  }
  process.env = new Proxy(environment, {
    set(target, name, value) {
      const own = ours(order, name, value, true);
      if (own !== null) target[name] = own;
      return true;
    },
    defineProperty(target, name, property) {
      if (!('value' in property)) return Reflect.defineProperty(target, name, property);
      const value = ours(order, name, property.value, true);
      return value === null || Reflect.defineProperty(target, name, { ...property, value });
    },
    get(target, name) {
      const value = target[name]; // process.loadEnvFile sets variables behind this
      if (!has(order.pinned, name)) return ours(order, name, value, false);
      return order.pinned[name] === null ? undefined : value;
    },
  });
}

// Connections

function refusal(order, host) {
  note(order, { event: 'refused', host });
  const error = new Error(`stripe-audit keeps this process from Stripe's real host ${host}`);
  return Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

// The options and the callback of the many ways to call net.connect and tls.connect.
function connection(given) {
  const words = Array.isArray(given[0]) ? given[0] : given;
  const callback = [...words].reverse().find((word) => typeof word === 'function');
  if (typeof words[0] === 'object' && words[0] !== null) return [words[0], callback];
  const options = words.find((word) => typeof word === 'object' && word !== null) || {};
  return [{ ...options, port: words[0], host: typeof words[1] === 'string' ? words[1] : options.host }, callback];
}

// What a plain socket lacks of a TLS one, as far as HTTP clients ask.
const AS_TLS = {
  encrypted: true,
  authorized: true,
  authorizationError: null,
  alpnProtocol: false,
  getPeerCertificate: () => ({}),
  getPeerX509Certificate: () => undefined,
  getCipher: () => ({ name: 'none', standardName: 'none', version: 'none' }),
  getProtocol: () => null,
  getSession: () => undefined,
  isSessionReused: () => false,
  setServername: () => {},
  setMaxSendFragment: () => true,
  disableRenegotiation: () => {},
};

function redirectTls(order) {
  const net = require('net');
  const tls = require('tls');
  const address = new URL(order.stripe);
  const connect = tls.connect;
  let isSaid = false;
  tls.connect = function (...given) {
    const [options, callback] = connection(given);
    const host = [options.servername, options.host, options.hostname].find(isStripes);
    if (!isApi(host)) return connect.apply(this, given); // its other hosts are refused where names are looked up
    if (options.socket) options.socket.destroy(); // the way through a proxy is not needed
    if (!isSaid) note(order, { event: 'redirected', library: 'tls', version: process.version });
    isSaid = true;
    const socket = net.connect({ port: Number(address.port), host: address.hostname, noDelay: true });
    if (options.timeout) socket.setTimeout(options.timeout);
    Object.assign(socket, AS_TLS, { servername: host });
    if (callback) socket.once('secureConnect', callback);
    socket.once('connect', () => socket.emit('secureConnect')); // SDKs send their body only then
    return socket;
  };
}

function refuseHosts(order) {
  const net = require('net');
  const dns = require('dns');
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...given) {
    const [options] = connection(given);
    if (!isStripes(options.host)) return connect.apply(this, given);
    process.nextTick(() => this.destroy(refusal(order, options.host)));
    this.connecting = true;
    return this;
  };
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
    const ask = dns[name];
    dns[name] = function (host, ...rest) {
      if (!isStripes(host)) return ask.call(this, host, ...rest);
      const callback = rest[rest.length - 1];
      process.nextTick(() => callback(refusal(order, host)));
      return {};
    };
    Object.defineProperties(dns[name], Object.getOwnPropertyDescriptors(ask)); // util.promisify looks there
    const askLater = dns.promises[name];
    const later = async (host, ...rest) => {
      if (isStripes(host)) throw refusal(order, host);
      return askLater.call(dns.promises, host, ...rest);
    };
    dns.promises[name] = later;
  }
}

function stayOnLoopback(order) {
  const net = require('net');
  const listen = net.Server.prototype.listen;
  const isPort = (word) => typeof word === 'number' || (typeof word === 'string' && /^\d+$/.test(word));
  net.Server.prototype.listen = function (...given) {
    const [first, second] = given;
    if (isPort(first) && (typeof second !== 'string' || EVERYWHERE.includes(second))) {
      const isHost = typeof second === 'string' || second === undefined || second === null;
      const rest = given.slice(isHost ? 2 : 1);
      note(order, { event: 'kept on the loopback', port: Number(first) });
      return listen.call(this, Number(first), '127.0.0.1', ...rest);
    }
    if (typeof first === 'object' && first !== null && isPort(first.port) && EVERYWHERE.includes(first.host)) {
      note(order, { event: 'kept on the loopback', port: Number(first.port) });
      return listen.call(this, { ...first, host: '127.0.0.1' }, ...given.slice(1));
    }
    return listen.apply(this, given);
  };
}

function begin() {
  let order;
  try {
    order = JSON.parse(fs.readFileSync(process.env[VARIABLE], 'utf8'));
  } catch {
    return;
  }
  keepVariables(order);
  refuseHosts(order);
  redirectTls(order);
  if (order.is_local) stayOnLoopback(order);
  require('module').syncBuiltinESMExports(); // import {connect} from 'tls' is bound to what was there before
  note(order, { event: 'loaded', runtime: `Node.js ${process.version}` });
}

if (process.env[VARIABLE]) begin();
