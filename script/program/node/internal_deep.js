// Whether two values are equal in depth, as Node's assert.deepStrictEqual (strict)
// and assert.deepEqual have it.
const views = (v) => ArrayBuffer.isView(v);
const own = (o) => [...Object.keys(o), ...Object.getOwnPropertySymbols(o).filter((s) => Object.prototype.propertyIsEnumerable.call(o, s))];
const tag = (o) => Object.prototype.toString.call(o);
const boxes = ["[object Number]", "[object String]", "[object Boolean]", "[object Symbol]", "[object BigInt]"];

function same(a, b, strict) {
  return strict ? Object.is(a, b) : a == b || (a !== a && b !== b);
}

function equal(a, b, strict, open) {
  if (same(a, b, strict)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const kind = tag(a);
  if (kind !== tag(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (boxes.includes(kind) && !same(a.valueOf(), b.valueOf(), strict)) return false;
  if (kind === "[object Date]" && a.getTime() !== b.getTime()) return false;
  if (kind === "[object RegExp]" && (String(a) !== String(b) || a.lastIndex !== b.lastIndex)) return false;
  if (kind === "[object Promise]" || kind === "[object WeakMap]" || kind === "[object WeakSet]") return false;
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return false;
  for (const [x, y] of open) {
    if (x === a && y === b) return true;
  }
  open.push([a, b]);
  const result = inside(a, b, kind, strict, open);
  open.pop();
  return result;
}

function inside(a, b, kind, strict, open) {
  if (kind === "[object ArrayBuffer]") return inside(new Uint8Array(a), new Uint8Array(b), "", strict, open);
  if (Array.isArray(a) || views(a)) {
    if (a.length !== b.length || a.byteLength !== b.byteLength) return false;
  }
  if (kind === "[object Set]" && !sets(a, b, strict, open)) return false;
  if (kind === "[object Map]" && !maps(a, b, strict, open)) return false;
  const names = own(a);
  if (names.length !== own(b).length) return false;
  return names.every((name) => Object.prototype.hasOwnProperty.call(b, name) && equal(a[name], b[name], strict, open));
}

// Each of a has one of its own in b. Members that are not the same may be equal.
function sets(a, b, strict, open) {
  if (a.size !== b.size) return false;
  const left = [...b];
  return [...a].every((v) => {
    const at = left.findIndex((w) => equal(v, w, strict, open));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function maps(a, b, strict, open) {
  if (a.size !== b.size) return false;
  const left = [...b];
  return [...a].every(([k, v]) => {
    const at = left.findIndex(([l, w]) => equal(k, l, strict, open) && equal(v, w, strict, open));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

exports.equal = (a, b, strict) => equal(a, b, strict, []);
