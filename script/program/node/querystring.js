// Node's querystring. Values may be sealed, names may not.
exports.escape = encodeURIComponent;
exports.unescape = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const scalar = (v) => {
  switch (typeof v) {
    case "string": return v;
    case "number": return Number.isFinite(v) ? String(v) : "";
    case "bigint": case "boolean": return String(v);
  }
  return "";
};

exports.stringify = exports.encode = (values, separator = "&", equals = "=") => {
  if (values === null || typeof values !== "object") return "";
  return Object.keys(values)
    .flatMap((name) => (Array.isArray(values[name]) ? values[name] : [values[name]]).map((v) => exports.escape(name) + equals + exports.escape(scalar(v))))
    .join(separator);
};

exports.parse = exports.decode = (text, separator = "&", equals = "=", { maxKeys = 1000 } = {}) => {
  const out = Object.create(null);
  if (typeof text !== "string" || text === "") return out;
  let pairs = text.split(separator).filter((p) => p !== "");
  if (maxKeys > 0) pairs = pairs.slice(0, maxKeys);
  for (const pair of pairs) {
    const at = pair.indexOf(equals), plain = (s) => exports.unescape(s.replace(/\+/g, " "));
    const name = plain(at < 0 ? pair : pair.slice(0, at)), value = at < 0 ? "" : plain(pair.slice(at + equals.length));
    if (!Object.hasOwn(out, name)) out[name] = value;
    else if (Array.isArray(out[name])) out[name].push(value);
    else out[name] = [out[name], value];
  }
  return out;
};
