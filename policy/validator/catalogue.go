package validator

import (
	"github.com/reticent/reticent/policy/jsonvalue"
)

// kind compiles a validator's conf.
type kind func(c *compiler, name string, conf any, pointer string) node

// recoveries are what comes back when a validator fails whose document gives no
// recovery of its own.
var recoveries = map[string][]any{"mfa": mfaRecovery}

// catalogue is every validator by its name. It is filled by init since composed
// validators compile by way of it.
var catalogue map[string]kind

func init() {
	catalogue = map[string]kind{
		"true":             compileConstant(holds),
		"false":            compileConstant(fails),
		"identity-context": compileFields(rooted("authn_ctx")),
		"client":           compileFields(rooted("contexts", "client")),
		"developer":        compileFields(rooted("contexts", "developer")),
		"consent":          compileFields(rooted("contexts", "consent")),
		"access-token":     compileFields(rooted("access_token")),
		"id-token":         compileFields(rooted("id_token")),
		"header":           compileFields(rooted("request", "headers")),
		"attributes":       compileFields(rooted()),
		"scopes":           compileFields(scopesSource),
		"dynamic-scope":    compileDynamicScope,
		"mfa":              compileMFA,
		"network":          compileNetwork,
		"time":             compileTime,
		"authentication":   compileAge,
		"jwt":              compileJWT,
		"webhook":          compileWebhook,
		"cel":              compileCEL,
		"policy":           compileEmbedded,
		"all":              compileAll,
		"any":              compileAny,
		"not":              compileNot,
		"if":               compileIf,
	}
}

func compileConstant(o outcome) kind {
	return func(c *compiler, name string, conf any, pointer string) node {
		c.object(conf, pointer)
		if o == holds {
			return constant{outcome: holds}
		}
		return constant{fails, c.failure(Failure{Validator: name, Message: "nobody is allowed"})}
	}
}

func compileFields(of origin) kind {
	return func(c *compiler, name string, conf any, pointer string) node {
		members, ok := c.object(conf, pointer, "fields")
		if !ok {
			return nil
		}
		return c.fieldList(members["fields"], jsonvalue.Member(pointer, "fields"), name, of)
	}
}

// fieldList compiles comparisons that must all hold.
func (c *compiler) fieldList(v any, pointer, name string, of origin) node {
	items, ok := v.([]any)
	if !ok || len(items) == 0 {
		c.report(pointer, CodeShape, "", "%s needs fields, an array of one comparison or more", name)
		return nil
	}
	var out all
	for i, item := range items {
		out = append(out, c.comparison(item, jsonvalue.Element(pointer, i), name, of))
	}
	return out
}

func compileAll(c *compiler, _ string, conf any, pointer string) node {
	return c.member(conf, pointer, "validators")
}

func compileAny(c *compiler, _ string, conf any, pointer string) node {
	return anyOf(c.member(conf, pointer, "validators"))
}

func compileNot(c *compiler, name string, conf any, pointer string) node {
	members, ok := c.object(conf, pointer, "validator")
	if !ok {
		return nil
	}
	return negation{
		c.validator(members["validator"], jsonvalue.Member(pointer, "validator")),
		c.failure(Failure{Validator: name, Message: "a condition holds that must not"}),
	}
}

func compileIf(c *compiler, _ string, conf any, pointer string) node {
	members, ok := c.object(conf, pointer, "if", "then", "else")
	if !ok {
		return nil
	}
	// Without else the policy could mean to allow or to deny the rest.
	part := func(name string) node { return c.list(members[name], jsonvalue.Member(pointer, name)) }
	return branch{condition: part("if"), then: part("then"), otherwise: part("else")}
}

// member compiles a conf that has a list of validators and nothing else.
func (c *compiler) member(conf any, pointer, name string) all {
	members, ok := c.object(conf, pointer, name)
	if !ok {
		return nil
	}
	return c.list(members[name], jsonvalue.Member(pointer, name))
}
