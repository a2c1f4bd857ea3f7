import { test, mock } from "node:test";
import assert from "node:assert/strict";
import decide from "./typescript-limits";

const order = { customer: "c1", amount: 100, currency: "USD" } as const;

test("approves within the limit", async (t) => {
  mock.fetch("https://billing.example.com/contracts/c1", { json: { status: "active", limit: 100 } });
  assert.deepEqual(await decide(t.context({ input: order })), { approved: true, remaining: 10 });
});

test("refuses a contract that is suspended", async (t) => {
  mock.fetch("https://billing.example.com/contracts/c1", { json: { status: "suspended", limit: 100 } });
  assert.deepEqual(await decide(t.context({ input: order })), { approved: false, reason: "the contract is suspended" });
});
