// Node's punycode: RFC 3492 for labels, and over it the names of hosts.
const base = 36, least = 1, most = 26, skew = 38, damp = 700, firstBias = 72, firstCode = 128, largest = 0x7fffffff;

const fail = (message) => { throw new RangeError(message); };

const adapt = (delta, count, first) => {
  let k = 0;
  delta = first ? Math.floor(delta / damp) : delta >> 1;
  delta += Math.floor(delta / count);
  for (; delta > ((base - least) * most) >> 1; k += base) delta = Math.floor(delta / (base - least));
  return Math.floor(k + ((base - least + 1) * delta) / (delta + skew));
};

const threshold = (k, bias) => (k <= bias ? least : k >= bias + most ? most : k - bias);

const digit = (code) => {
  if (code >= 48 && code < 58) return code - 22;
  if (code >= 65 && code < 91) return code - 65;
  if (code >= 97 && code < 123) return code - 97;
  return base;
};

const codesOf = (text) => Array.from(text, (c) => c.codePointAt(0));
const textOf = (codes) => String.fromCodePoint(...codes);

const decode = (input) => {
  const out = [], dash = Math.max(input.lastIndexOf("-"), 0);
  for (let j = 0; j < dash; j++) {
    if (input.charCodeAt(j) >= 0x80) fail("Illegal input >= 0x80 (not a basic code point)");
    out.push(input.charCodeAt(j));
  }
  let n = firstCode, i = 0, bias = firstBias;
  for (let at = dash > 0 ? dash + 1 : 0; at < input.length; ) {
    const before = i;
    for (let weight = 1, k = base; ; k += base) {
      if (at >= input.length) fail("Invalid input");
      const d = digit(input.charCodeAt(at++));
      if (d >= base || d > Math.floor((largest - i) / weight)) fail("Invalid input");
      i += d * weight;
      const t = threshold(k, bias);
      if (d < t) break;
      if (weight > Math.floor(largest / (base - t))) fail("Overflow: input needs wider integers to process");
      weight *= base - t;
    }
    const count = out.length + 1;
    bias = adapt(i - before, count, before === 0);
    n += Math.floor(i / count);
    if (n > 0x10ffff) fail("Invalid input");
    i %= count;
    out.splice(i++, 0, n);
  }
  return textOf(out);
};

const encode = (text) => {
  const input = codesOf(text);
  let out = textOf(input.filter((c) => c < 0x80));
  const basic = out.length;
  let n = firstCode, delta = 0, bias = firstBias, done = basic;
  if (basic > 0) out += "-";
  while (done < input.length) {
    const m = input.reduce((low, c) => (c >= n && c < low ? c : low), largest);
    if (m - n > Math.floor((largest - delta) / (done + 1))) fail("Overflow: input needs wider integers to process");
    delta += (m - n) * (done + 1);
    n = m;
    for (const c of input) {
      if (c < n) delta++;
      if (c !== n) continue;
      let q = delta;
      for (let k = base; ; k += base) {
        const t = threshold(k, bias);
        if (q < t) break;
        const d = t + ((q - t) % (base - t));
        out += String.fromCharCode(d < 26 ? d + 97 : d + 22);
        q = Math.floor((q - t) / (base - t));
      }
      out += String.fromCharCode(q < 26 ? q + 97 : q + 22);
      bias = adapt(delta, done + 1, done === basic);
      delta = 0;
      done++;
    }
    delta++;
    n++;
  }
  return out;
};

// labels maps the labels of a host's name; of an address of mail, of what is after @.
const labels = (text, f) => {
  const at = text.indexOf("@"), user = at < 0 ? "" : text.slice(0, at + 1);
  return user + text.slice(at + 1).replace(/[\u3002\uFF0E\uFF61]/g, ".").split(".").map(f).join(".");
};

exports.version = "2.1.0";
exports.ucs2 = { decode: codesOf, encode: textOf };
exports.decode = decode;
exports.encode = encode;
exports.toASCII = (text) => labels(text, (l) => (/[^\0-\x7F]/.test(l) ? "xn--" + encode(l) : l));
exports.toUnicode = (text) => labels(text, (l) => (/^xn--/.test(l) ? decode(l.slice(4).toLowerCase()) : l));
