// Node's assert. Messages show values as console.log does.
const { inspect } = require("%inspect");
const deep = require("internal/deep");

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    this.generatedMessage = false;
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }
}

function fail(message, otherwise, actual, expected, operator) {
  if (message instanceof Error) throw message;
  throw new AssertionError({ message: message ?? otherwise(), actual, expected, operator });
}

const between = (actual, expected, what) => () => inspect(actual) + " " + what + " " + inspect(expected);

function assert(value, message) {
  if (!value) fail(message, () => "The expression evaluated to a falsy value: " + inspect(value), value, true, "==");
}

const check = (operator, holds, what) => (actual, expected, message) => {
  if (!holds(actual, expected)) fail(message, between(actual, expected, what), actual, expected, operator);
};

assert.AssertionError = AssertionError;
assert.ok = (...values) => assert(...values);
assert.fail = (message) => fail(message, () => "Failed", undefined, undefined, "fail");
assert.equal = check("==", (a, b) => a == b || (a !== a && b !== b), "==");
assert.notEqual = check("!=", (a, b) => a != b && (a === a || b === b), "!=");
assert.strictEqual = check("strictEqual", (a, b) => Object.is(a, b), "is not strictly equal to");
assert.notStrictEqual = check("notStrictEqual", (a, b) => !Object.is(a, b), "is strictly equal to");
assert.deepEqual = check("deepEqual", (a, b) => deep.equal(a, b, false), "is not deeply equal to");
assert.notDeepEqual = check("notDeepEqual", (a, b) => !deep.equal(a, b, false), "is deeply equal to");
assert.deepStrictEqual = check("deepStrictEqual", (a, b) => deep.equal(a, b, true), "is not deeply and strictly equal to");
assert.notDeepStrictEqual = check("notDeepStrictEqual", (a, b) => !deep.equal(a, b, true), "is deeply and strictly equal to");
assert.match = check("match", (text, pattern) => pattern.test(text), "does not match");
assert.doesNotMatch = check("doesNotMatch", (text, pattern) => !pattern.test(text), "matches");
assert.ifError = (error) => {
  if (error !== null && error !== undefined) throw error;
};

// Whether what was thrown is what was expected: a class, a pattern of its message,
// an object with some of its members, or a function that says so.
function expectedError(error, expected, message) {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(message, between(error, expected, "does not match"), error, expected, "throws");
  } else if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (expected === Error || Error.isPrototypeOf(expected)) throw error;
    if (expected.call({}, error) !== true) fail(message, () => "The function did not accept the error " + inspect(error), error, expected, "throws");
  } else {
    for (const name of Object.keys(expected)) {
      const is = expected[name] instanceof RegExp ? expected[name].test(error[name]) : deep.equal(error[name], expected[name], true);
      if (!is) fail(message, between(error[name], expected[name], "is not the error's " + name + ","), error, expected, "throws");
    }
  }
}

function missing(expected, message, operator) {
  fail(typeof expected === "string" ? expected : message, () => "An error was expected and there is none", undefined, expected, operator);
}

assert.throws = (f, expected, message) => {
  let error;
  try {
    f();
  } catch (e) {
    error = { e };
  }
  if (error === undefined) missing(expected, message, "throws");
  expectedError(error.e, expected, message);
};

assert.rejects = async (f, expected, message) => {
  let error;
  try {
    await (typeof f === "function" ? f() : f);
  } catch (e) {
    error = { e };
  }
  if (error === undefined) missing(expected, message, "rejects");
  expectedError(error.e, expected, message);
};

assert.doesNotThrow = (f) => void f();
assert.doesNotReject = async (f) => void (await (typeof f === "function" ? f() : f));

assert.strict = Object.assign((...values) => assert(...values), assert, {
  equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;
module.exports = assert;
