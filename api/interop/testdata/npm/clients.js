// Asks a server whose OPA API is at the URL in BASE, with the token in TOKEN, through
// each of the clients. What the policies are is in npm_test.go.
import assert from "node:assert/strict";
import * as opa from "@open-policy-agent/opa";
import * as styra from "@styra/opa";

const { BASE, TOKEN, KEY } = process.env;

for (const [name, { OPAClient }] of Object.entries({ "@open-policy-agent/opa": opa, "@styra/opa": styra })) {
	const client = new OPAClient(BASE, { headers: { Authorization: `Bearer ${TOKEN}` } });

	// A decision over a secret, a package, and an input that is no object.
	assert.equal(await client.evaluate("door/allow", { key: KEY }), true);
	assert.equal(await client.evaluate("door/allow", { key: "another" }), false);
	assert.equal(await client.evaluate("door/first", ["a", "b"]), "a");
	assert.equal(await client.evaluate("door/name"), "front");
	assert.deepEqual(await client.evaluate("door", { key: KEY }), { allow: true, key: "***", name: "front" });
	assert.equal(await client.evaluate("nowhere"), undefined);
	assert.equal(await client.evaluate("door/name", undefined, { fromResult: (r) => r.toUpperCase() }), "FRONT");

	// The default path, which is undefined for no user.
	assert.deepEqual(await client.evaluateDefault({ user: "ada" }), { hello: "ada" });
	await assert.rejects(client.evaluateDefault({}), (e) => e.data$?.code === "undefined_document");

	// Batches: with no fallback, as Enterprise OPA has them.
	assert.deepEqual(await client.evaluateBatch("door/allow", { a: { key: KEY }, b: { key: "x" } }), { a: true, b: false });
	const mixed = await client.evaluateBatch("clash/x", { good: { x: 1 }, bad: { x: 1, also: true } });
	assert.equal(mixed.good, 1);
	assert.equal(mixed.bad.code, "internal_error");
	await assert.rejects(client.evaluateBatch("clash/x", { good: { x: 1 }, bad: { x: 1, also: true } }, { rejectMixed: true }));
	await assert.rejects(client.evaluateBatch("clash/x", { bad: { x: 1, also: true } }), (e) => e.responses?.bad?.code === "internal_error");

	// Errors have OPA's shape.
	await assert.rejects(client.evaluate("door/allow", { secrets: {} }), (e) => e.data$?.code === "invalid_parameter");
	await assert.rejects(client.evaluate("clash/x", { x: 1, also: true }), (e) => e.data$?.code === "internal_error" && e.data$.errors[0].code === "policy_conflict");

	// Who has no token hears so.
	await assert.rejects(new OPAClient(BASE).evaluate("door/allow", {}), (e) => e.statusCode === 401 || e.httpMeta?.response?.status === 401);
	console.log(`${name}: ok`);
}
