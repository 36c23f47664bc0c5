// sockjs-client in a real browser against a SockJS server.
//
//   node run.mjs PROGRAM|URL [--lone-becomes TEXT] [--messages N] [--json] [RUN...]
//
// PROGRAM is wiretalk, which is started with `serve --sockjs 0`; URL is that of a server that runs already, with /echo
// and /disabled_websocket_echo below it, whose iframe page loads the sockjs-client that SOCKJS_CLIENT_PORT has.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killInSilence, killLater, refuse, startRelay } from './relay.mjs';

const HERE = (name) => fileURLToPath(new URL(name, import.meta.url));
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const RUN_LIMIT = 120_000;
const ERROR_LIMIT = 5_000;
const AT_MOST = 40;

// Each transport with the last part of the URL that its messages come from.
const TRANSPORTS = {
  'websocket': 'websocket',
  'xhr-streaming': 'xhr_streaming',
  'eventsource': 'eventsource',
  'iframe-eventsource': 'eventsource',
  'htmlfile': 'htmlfile',
  'iframe-htmlfile': 'htmlfile',
  'xhr-polling': 'xhr',
  'iframe-xhr-polling': 'xhr',
  'jsonp-polling': 'jsonp',
};
const POLLING = ['xhr-streaming', 'eventsource', 'xhr-polling'];

function fail(sentence) {
  console.error(`sockjs browser test: ${sentence}`);
  process.exit(2);
}

async function library(name) {
  try {
    return (await import(name)).default;
  } catch {
    return fail(`${name} is not installed: run \`npm ci\` in tests/live/sockjs`);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'lone-becomes': { type: 'string' },
    'messages': { type: 'string', default: '1000' },
    'json': { type: 'boolean', default: false },
  },
});
const [subject, ...wantedRuns] = positionals;
if (!subject) fail('usage: node run.mjs PROGRAM|URL [--lone-becomes TEXT] [--messages N] [--json] [RUN...]');
const messageCount = Number(values.messages);
const { chromium } = await library('playwright-core');
const browserPath = BROWSERS.map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim())
  .find(Boolean);
if (!browserPath) fail("there is no browser: install Debian's package chromium");
const client = readFileSync(HERE('node_modules/sockjs-client/dist/sockjs.min.js'));

// Serves an empty page of another origin, and the client for the iframe page.
const site = createServer((request, response) => {
  const [type, body] = request.url === '/sockjs.min.js' ? ['text/javascript', client] : ['text/html', '<!doctype html><body>'];
  response.writeHead(200, { 'Content-Type': `${type};charset=UTF-8` }).end(body);
});
await new Promise((listening) => site.listen(Number(process.env.SOCKJS_CLIENT_PORT ?? 0), '127.0.0.1', listening));
const sitePort = site.address().port;

// Starts the program and returns the URL of its SockJS server.
async function startProgram(program) {
  const clientUrl = `http://127.0.0.1:${sitePort}/sockjs.min.js`;
  const child = spawn(program, ['serve', '--sockjs', '0', '--sockjs-client', clientUrl], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.on('error', (error) => fail(`could not run ${program}: ${error.message}`));
  process.on('exit', () => child.kill());
  for await (const line of createInterface(child.stdout)) {
    const url = /^sockjs (http:\S+)/.exec(line)?.[1];
    if (url) {
      child.stdout.resume();
      return url;
    }
  }
  return fail(`${program} serve --sockjs 0 ended before it printed its URL`);
}

const server = new URL(/^https?:/.test(subject) ? subject : await startProgram(subject));
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

// Opens `pageUrl`, has the messages echoed with `options`, and returns what happened and which requests it took.
async function visit(pageUrl, echoUrl, options, closes = true) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const urls = [];
    const errors = [];
    page.on('request', (request) => urls.push(request.url()));
    page.on('websocket', (socket) => urls.push(socket.url()));
    // The client takes an htmlfile's callback away before its iframe, which may throw then.
    let isClosing = false;
    page.on('console', (line) => {
      isClosing ||= line.text() === 'closing';
    });
    page.on('pageerror', (error) => {
      if (!isClosing) errors.push(`the page threw ${error.message}`);
    });
    await page.goto(pageUrl);
    await page.evaluate(client.toString());
    await page.evaluate(readFileSync(HERE('page.js'), 'utf8'));
    urls.length = 0;
    const talk = page.evaluate((talk) => converse(talk), {
      url: echoUrl,
      // On a busy machine the client's own limit, some 700 ms, would be over too soon.
      options: { timeout: 30_000, ...options },
      count: messageCount,
      atMost: AT_MOST,
      closes,
      loneBecomes: values['lone-becomes'],
    });
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ hung: RUN_LIMIT }), RUN_LIMIT);
      // What the page has thrown does not come back.
      page.on('pageerror', () => setTimeout(() => resolve({ hung: ERROR_LIMIT }), ERROR_LIMIT));
    });
    const began = performance.now();
    const result = await Promise.race([talk.catch((error) => ({ threw: error.message })), late]);
    clearTimeout(timer);
    return { ...result, urls, errors, ms: Math.round(performance.now() - began) };
  } finally {
    await context.close();
  }
}

// Returns what is wrong with an echo that should have been complete.
function faultsOf(result, transport) {
  const faults = [...result.errors, ...(result.wrong ?? []).slice(0, 3)];
  if (result.wrong?.length > 3) faults.push(`and ${result.wrong.length - 3} messages more are wrong`);
  if (result.hung) faults.push(`was not over after ${result.hung / 1000} s`);
  if (result.threw) faults.push(result.threw);
  if (result.hung || result.threw) return faults;
  if (result.transport !== transport) faults.push(`used ${result.transport}, not ${transport}`);
  if (result.received !== messageCount) faults.push(`${result.received} of ${messageCount} messages came back`);
  if (result.code !== 1000 || !result.wasClean) faults.push(`closed with ${result.code} ${result.reason}`);
  const ending = new RegExp(`/${TRANSPORTS[transport]}(\\?.*)?$`);
  if (!result.urls.some((url) => ending.test(url))) faults.push(`no request ended with /${TRANSPORTS[transport]}`);
  const isFramed = result.urls.some((url) => new URL(url).pathname.endsWith('/iframe.html'));
  if (isFramed !== transport.startsWith('iframe-')) faults.push(isFramed ? 'an iframe page was loaded' : 'no iframe page was loaded');
  return faults;
}

const echoOf = (port, name = 'echo') => `http://127.0.0.1:${port}/${name}`;

// One transport, from the server's own page or from a page of another site.
async function oneTransport(transport, isForeign) {
  const echo = echoOf(server.port);
  const result = await visit(isForeign ? `http://localhost:${sitePort}/` : echo, echo, { transports: transport });
  return { result, faults: faultsOf(result, transport) };
}

// No transport is named, and something stands between the browser and the server.
async function fallBack(onUpgrade) {
  const relay = await startRelay(server.port, onUpgrade);
  const result = await visit(echoOf(relay.port), echoOf(relay.port), {});
  relay.close();
  const faults = faultsOf(result, 'xhr-streaming');
  if (!result.urls.some((url) => url.startsWith('ws:'))) faults.push('no WebSocket was tried');
  return { result, faults };
}

// The server says in /info that there is no WebSocket.
async function switchedOff() {
  const echo = echoOf(server.port, 'disabled_websocket_echo');
  const result = await visit(echo, echo, {});
  const faults = faultsOf(result, 'xhr-streaming');
  if (result.urls.some((url) => url.startsWith('ws:'))) faults.push('a WebSocket was tried');
  return { result, faults };
}

// The WebSocket is killed after SockJS is open. The client tells the page and falls back to nothing: the page has to
// connect again, and to leave the WebSocket out.
async function killedOpen() {
  const relay = await startRelay(server.port, killLater);
  const page = echoOf(relay.port);
  const first = await visit(page, page, {}, false);
  const faults = [...first.errors, ...(first.wrong ?? [])];
  if (first.transport !== 'websocket') faults.push(`opened ${first.transport}, not websocket`);
  if (first.code !== 1006 || first.wasClean) faults.push(`closed with ${first.code}, clean: ${first.wasClean}`);
  const result = await visit(page, page, { transports: POLLING });
  relay.close();
  return { result, faults: [...faults, ...faultsOf(result, 'xhr-streaming')] };
}

const RUNS = new Map([
  ...Object.keys(TRANSPORTS).map((name) => [name, () => oneTransport(name, false)]),
  ...Object.keys(TRANSPORTS)
    .filter((name) => name !== 'htmlfile')
    .map((name) => [`foreign ${name}`, () => oneTransport(name, true)]),
  ['switched off', switchedOff],
  ['refused', () => fallBack(refuse)],
  ['killed in silence', () => fallBack(killInSilence)],
  ['killed when open', killedOpen],
]);

const chosen = wantedRuns.length > 0 ? wantedRuns : [...RUNS.keys()];
const unknown = chosen.find((name) => !RUNS.has(name));
if (unknown) fail(`there is no run ${unknown}; there are: ${[...RUNS.keys()].join(', ')}`);
if (!values.json) console.log(`${browser.version()}, sockjs-client 1.6.1, ${server.href}`);
let failed = 0;
for (const name of chosen) {
  const { result, faults } = await RUNS.get(name)();
  failed += faults.length > 0 ? 1 : 0;
  const { transport, received, units, urls, ms } = result;
  if (values.json) {
    console.log(JSON.stringify({ run: name, transport, received, units, requests: urls.length, ms, faults }));
  } else {
    const cells = [name.padEnd(27), (transport ?? '-').padEnd(18), String(received ?? 0).padStart(5), 'messages'];
    cells.push(String(units ?? 0).padStart(7), 'code units', String(urls.length).padStart(4), 'requests', String(ms).padStart(6), 'ms');
    console.log([...cells, faults.length > 0 ? 'FAILED' : ''].join(' ').trimEnd());
    for (const fault of faults) console.log(`    ${fault}`);
  }
}
if (!values.json) console.log(`${chosen.length} runs, ${failed} failed`);
await browser.close();
process.exit(failed > 0 ? 1 : 0);
