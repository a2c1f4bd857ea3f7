// The part of Node's node:test that tests of scripts need. `reticent script test`
// calls run when the test file has registered its tests.
const fixtures = require("%fixtures");
const assert = require("assert");

const newSuite = (name, parent, options = {}) => ({
  name, parent, options, entries: [], before: [], after: [], beforeEach: [], afterEach: [],
});
const root = newSuite("", null);
let open = root;

// test(name, options, f): each may be left out, as in Node.
function read(values) {
  let name = "<anonymous>", options = {}, f;
  for (const v of values) {
    if (typeof v === "string") name = v;
    else if (typeof v === "function") f = v;
    else if (v !== undefined) options = v;
  }
  return { name, options, f };
}

function test(...values) {
  open.entries.push(read(values));
}

function describe(...values) {
  const { name, options, f } = read(values);
  const suite = newSuite(name, open, options);
  open.entries.push({ suite });
  open = suite;
  try {
    if (f !== undefined && !options.skip) f();
  } finally {
    open = suite.parent;
  }
}

for (const f of [test, describe]) {
  for (const option of ["skip", "todo", "only"]) {
    f[option] = (...values) => {
      const { name, options, f: body } = read(values);
      return f(name, { ...options, [option]: true }, body);
    };
  }
}

const mock = {
  // Answers requests: "https://host/path", "POST https://host/path", or either with
  // a * at its end for everything that begins so. Response is an object of status,
  // headers, json or body, and times (how often it answers; for ever if left out).
  fetch: (request, response = {}) => fixtures.add(request, response),
  // The requests since the test began: {method, url, headers, body}.
  calls: () => fixtures.calls(),
  fn: (implementation = () => undefined) => {
    const calls = [];
    return Object.assign(
      function (...values) {
        const call = { arguments: values, result: undefined, error: undefined };
        calls.push(call);
        try {
          return (call.result = implementation.apply(this, values));
        } catch (error) {
          call.error = error;
          throw error;
        }
      },
      { mock: { calls, callCount: () => calls.length } }
    );
  },
};

const chain = (suite) => (suite === null ? [] : [...chain(suite.parent), suite]);
const hasOnly = (suite) => suite.entries.some((e) => (e.suite ? e.suite.options.only || hasOnly(e.suite) : e.options.only));

// The context of a handler: what is given, with the secrets and variables of the
// test run.
const contextOf = (real) => (given = {}) => {
  const { variables, ...rest } = given;
  return { input: {}, ...rest, secrets: real.secrets, cache: real.cache, variables: { ...real.variables, ...variables } };
};

async function runTest(names, entry, suites, state) {
  const result = { name: [...names, entry.name].join(" > "), ok: true };
  state.results.push(result);
  const skipped = entry.f === undefined || entry.options.skip || (state.only && !entry.options.only && !suites.some((s) => s.options.only));
  if (skipped) return void (result.skipped = true);
  if (entry.options.todo) result.todo = true;
  const start = Date.now(), pending = [];
  const t = {
    name: entry.name, mock, assert, context: contextOf(state.context),
    diagnostic: (text) => console.log(text),
    skip: () => { result.skipped = true; },
    todo: () => { result.todo = true; },
    test: (...values) => {
      const done = runTest([...names, entry.name], read(values), suites, state);
      pending.push(done);
      return done;
    },
  };
  try {
    for (const suite of suites) for (const hook of suite.beforeEach) await hook(t);
    await entry.f(t);
    await Promise.all(pending);
  } catch (error) {
    result.ok = false;
    result.error = fixtures.failure(error);
  }
  try {
    for (const suite of [...suites].reverse()) for (const hook of suite.afterEach) await hook(t);
  } catch (error) {
    if (result.ok) result.error = fixtures.failure(error);
    result.ok = false;
  }
  if (names.length === suites.length - 1) fixtures.reset();
  result.duration_ms = Date.now() - start;
}

async function runSuite(suite, names, state) {
  const suites = chain(suite);
  const hooks = async (list, name) => {
    try {
      for (const hook of list) await hook();
      return true;
    } catch (error) {
      state.results.push({ name: [...names, name].join(" > "), ok: false, error: fixtures.failure(error) });
      return false;
    }
  };
  if (!(await hooks(suite.before, "before"))) return;
  for (const entry of suite.entries) {
    if (entry.suite === undefined) await runTest(names, entry, suites, state);
    else if (entry.suite.options.skip) state.results.push({ name: [...names, entry.suite.name].join(" > "), ok: true, skipped: true });
    else await runSuite(entry.suite, [...names, entry.suite.name], state);
  }
  await hooks(suite.after, "after");
}

async function run(context) {
  const state = { context, results: [], only: hasOnly(root) };
  await runSuite(root, [], state);
  return state.results;
}

const hook = (name) => (f) => void open[name].push(f);
module.exports = Object.assign(test, {
  test, it: test, describe, suite: describe, mock, run,
  before: hook("before"), after: hook("after"), beforeEach: hook("beforeEach"), afterEach: hook("afterEach"),
});
