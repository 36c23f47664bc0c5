// Runs in the page: makes the messages, and has them echoed through SockJS.
'use strict';

// Returns a generator of numbers from 0 to 2^32 - 1, the same ones for the same seed (mulberry32).
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

// What a layer between two programs likes to take for its own.
const DELICATE = [
  '%', '%%', '%25', '%41', '%E2%80%A8', '%80', '%u2028', '100 % of 25%', '+', 'a+b=c&d=e', '?c=x', '#',
  'o', 'h', 'a["x"]', 'c[3000,"Go away!"]', 'm"x"', '[]', '{}', 'null', 'undefined', '"', '\\', '\\"', '\\u0000',
  '\0', '\n', '\r', '\r\n', '\n\n', 'data: x\r\n\r\n', 'data: x\n\nid: 1\n\n', 'event: error', '\u2028', '\u2029',
  '</script>', '<script>', '<!--', ']]>', '/**/', '//', ');', "'", '`', '${x}', '__proto__', '\ufeff', '\ufffe',
  '\uffff', '\ud800', '\udfff', '\udc00\ud800', '\ud83d\ude00', '\ud83d', 'e\u0301', '\u00e9', '\u0000\u0001', '\x7f',
  '\x80', '\x9f', '\u200d', '\u202e', ' ', '  ', '\t', ' x ', '+ +',
];

// Returns `count` messages: all code units, alone and in pairs, and all lengths. Only those at the end are random.
function messages(count) {
  const random = randomNumbers(count);
  const codePoint = () => {
    const kind = random() % 8;
    if (kind < 4) return 0x20 + (random() % 0x5f);
    if (kind < 6) return random() % 0x800;
    return kind < 7 ? random() % 0x10000 : 0x10000 + (random() % 0x100000);
  };
  const text = (length) => {
    let made = '';
    while (made.length < length) made += String.fromCodePoint(codePoint());
    return made.slice(0, length);
  };
  const found = [...DELICATE];
  // Each code unit once, in blocks of 256. No block has both a leading surrogate and a trailing one.
  for (let first = 0; first < 0x10000; first += 256) {
    found.push(String.fromCharCode(...Array.from({ length: 256 }, (_, index) => first + index)));
  }
  // Each 64th code point beyond them, in blocks of 256.
  for (let first = 0x10000; first < 0x110000; first += 256 * 64) {
    found.push(String.fromCodePoint(...Array.from({ length: 256 }, (_, index) => first + index * 64)));
  }
  for (let length = 0; length <= 32; length += 1) found.push(text(length));
  for (let power = 64; power <= 0x10000; power *= 2) {
    for (const length of [power - 1, power, power + 1]) found.push(text(length));
  }
  while (found.length < count) found.push(text(random() % (1 << (random() % 12))));
  return found.slice(0, count);
}

// Describes the first difference between two texts by its position and the code units around it.
function difference(expected, found) {
  if (typeof found !== 'string') return `is no text but ${typeof found}`;
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at += 1;
  const units = (text) =>
    Array.from(text.slice(at, at + 4), (unit) => unit.charCodeAt(0).toString(16).padStart(4, '0')).join(' ') || 'its end';
  return `differs at ${at} of ${expected.length}: ${units(found)} instead of ${units(expected)}`;
}

// Connects, has `count` messages echoed, of which at most `atMost` and 64 Ki code units are under way, and closes, or
// waits for the other end to. `loneBecomes` is what the server makes of a lone surrogate, if it does not keep it. Returns what happened.
function converse({ url, options, count, atMost, closes, loneBecomes }) {
  return new Promise((resolve) => {
    const wanted = messages(count);
    const expected = loneBecomes
      ? wanted.map((text) => text.replace(/\p{Surrogate}/gu, loneBecomes))
      : wanted;
    const began = performance.now();
    const result = { received: 0, units: 0, wrong: [] };
    const socket = new SockJS(url, null, options);
    let sent = 0;
    let underWay = 0;
    const send = () => {
      while (sent < count && sent - result.received < atMost && underWay + wanted[sent].length <= 0x10001) {
        underWay += wanted[sent].length;
        socket.send(wanted[sent]);
        sent += 1;
      }
    };
    socket.onopen = () => {
      result.transport = socket.transport;
      result.openedMs = performance.now() - began;
      send();
    };
    socket.onmessage = ({ data }) => {
      const index = result.received;
      if (index >= count) result.wrong.push(`message ${index} is one too many`);
      else if (data !== expected[index]) result.wrong.push(`message ${index} ${difference(expected[index], data)}`);
      result.received += 1;
      result.units += wanted[index]?.length ?? 0;
      underWay -= wanted[index]?.length ?? 0;
      send();
      if (result.received === count) {
        result.echoedMs = performance.now() - began;
        // Nothing may come after the last one.
        if (closes) {
          setTimeout(() => {
            console.debug('closing');
            socket.close(1000, 'done');
          }, 100);
        }
      }
    };
    socket.onclose = ({ code, reason, wasClean }) => resolve({ ...result, sent, code, reason, wasClean });
  });
}

globalThis.converse = converse;
