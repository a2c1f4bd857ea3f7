package access_test

import (
	"strings"
	"testing"

	"github.com/reticent/reticent/secretstore/access"
)

// TestIndex asks an index of one grant.
func TestIndex(t *testing.T) {
	read := []access.Permission{access.Read}
	secret := func(scope, name string) access.Resource {
		return access.Resource{Kind: "secret", Scope: scope, Name: name, Tags: map[string]string{"env": "dev", "a": "b:c"}}
	}
	for _, x := range []struct {
		name     string
		scope    string
		grant    access.Grant
		resource access.Resource
		may      bool
	}{
		{"the same scope", "projects/p", access.Grant{Permissions: read}, secret("projects/p", "x"), true},
		{"a scope below", "projects/p", access.Grant{Permissions: read}, secret("projects/p/services/s", "x"), true},
		{"everything is below the platform", "", access.Grant{Permissions: read}, secret("projects/p/services/s", "x"), true},
		{"a scope above", "projects/p", access.Grant{Permissions: read}, secret("", "x"), false},
		{"a scope that begins like it", "projects/p", access.Grant{Permissions: read}, secret("projects/pp", "x"), false},
		{"a service beside", "projects/p/services/s", access.Grant{Permissions: read}, secret("projects/p/services/t", "x"), false},
		{"another permission", "", access.Grant{Permissions: []access.Permission{access.Update}}, secret("", "x"), false},
		{"another kind", "", access.Grant{Permissions: read, Kinds: []access.Kind{"script"}}, secret("", "x"), false},
		{"administration", "", access.Grant{Permissions: access.Permissions}, access.Resource{Kind: "grant", Name: "x"}, false},
		{"records", "", access.Grant{Permissions: access.Permissions}, access.Resource{Kind: "audit", Any: true}, false},
		{"a record that is named", "", access.Grant{Permissions: read, Kinds: []access.Kind{"audit"}}, access.Resource{Kind: "audit", Any: true}, true},
		{"a name", "", access.Grant{Permissions: read, Names: "x"}, secret("", "x"), true},
		{"another name", "", access.Grant{Permissions: read, Names: "x"}, secret("", "xx"), false},
		{"a pattern", "", access.Grant{Permissions: read, Names: "b-*"}, secret("", "b-1"), true},
		{"a pattern of nothing more", "", access.Grant{Permissions: read, Names: "b-*"}, secret("", "b-"), true},
		{"a pattern in the middle", "", access.Grant{Permissions: read, Names: "a*b*c"}, secret("", "a-bb-c"), true},
		{"a pattern that overlaps", "", access.Grant{Permissions: read, Names: "ab*ba"}, secret("", "aba"), false},
		{"a pattern at the end", "", access.Grant{Permissions: read, Names: "*x"}, secret("", "xy"), false},
		{"a pattern is no regular expression", "", access.Grant{Permissions: read, Names: "a.c"}, secret("", "abc"), false},
		{"a tag", "", access.Grant{Permissions: read, Tag: "env:dev"}, secret("", "x"), true},
		{"a tag with a colon", "", access.Grant{Permissions: read, Tag: "a:b:c"}, secret("", "x"), true},
		{"another value", "", access.Grant{Permissions: read, Tag: "env:prod"}, secret("", "x"), false},
		{"another key", "", access.Grant{Permissions: read, Tag: "dev:env"}, secret("", "x"), false},
		{"a tag and a name", "", access.Grant{Permissions: read, Tag: "env:dev", Names: "y"}, secret("", "x"), false},
		{"some resource, by name", "", access.Grant{Permissions: read, Names: "y"}, access.Resource{Kind: "secret", Any: true}, true},
		{"some resource, by tag", "", access.Grant{Permissions: read, Tag: "env:dev"}, access.Resource{Kind: "secret", Any: true}, true},
		{"some script, by tag", "", access.Grant{Permissions: read, Tag: "env:dev"}, access.Resource{Kind: "script", Any: true}, false},
		{"some resource elsewhere", "projects/p", access.Grant{Permissions: read}, access.Resource{Kind: "secret", Any: true}, false},
		{"a role", "", access.Grant{Role: access.Auditor}, access.Resource{Kind: "audit", Any: true}, true},
		{"a role elsewhere", "projects/p", access.Grant{Role: access.Admin}, secret("", "x"), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.grant.Subject = "group:local"
			index := access.NewIndex([]access.Rule{{Scope: x.scope, Grant: x.grant}}, map[string]access.Group{"local": {Members: []string{"user:corp:alice", "group:corp:g"}}})
			for _, subjects := range [][]string{{"group:local"}, {"user:corp:alice"}, {"user:x", "group:corp:g"}} {
				if got := index.Permits(subjects, access.Read, x.resource); got != x.may {
					t.Errorf("%v: %v", subjects, got)
				}
			}
			for _, subjects := range [][]string{nil, {""}, {"user:corp:bob"}, {"user:corp:alic"}, {"group:other:local"}, {"token:local"}} {
				if index.Permits(subjects, access.Read, x.resource) {
					t.Errorf("%v may", subjects)
				}
			}
		})
	}
}

// TestChecks refuses grants and groups that could not mean what they seem to.
func TestChecks(t *testing.T) {
	for _, x := range []struct {
		grant access.Grant
		want  string // part of the error, "" for none
	}{
		{access.Grant{Subject: "token:abc", Role: access.Author}, ""},
		{access.Grant{Subject: "user:corp:Alice B <alice@example.com>", Permissions: access.Permissions}, ""},
		{access.Grant{Subject: "group:corp:a:b", Permissions: access.Permissions, Kinds: []access.Kind{"secret", "metrics"}, Names: "x*"}, ""},
		{access.Grant{Subject: "alice", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:alice", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:corp:", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:corp:a ", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:corp:a\nb", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:corp:\u00e4", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "token:a:b", Role: access.Author}, "/subject"},
		{access.Grant{Subject: "user:corp:" + strings.Repeat("a", access.MaxSubjectBytes), Role: access.Author}, "MaxSubjectBytes"},
		{access.Grant{Subject: "token:abc"}, "/permissions"},
		{access.Grant{Subject: "token:abc", Role: "root"}, "/role"},
		{access.Grant{Subject: "token:abc", Role: access.Author, Names: "x"}, "/role"},
		{access.Grant{Subject: "token:abc", Permissions: []access.Permission{"all"}}, "/permissions/0"},
		{access.Grant{Subject: "token:abc", Permissions: access.Permissions, Kinds: []access.Kind{"secret", "token"}}, "/kinds/1"},
		{access.Grant{Subject: "token:abc", Permissions: []access.Permission{access.Read}, Names: "a b"}, "/names"},
		{access.Grant{Subject: "token:abc", Permissions: []access.Permission{access.Read}, Tag: "env"}, "/tag"},
		{access.Grant{Subject: "token:abc", Permissions: []access.Permission{access.Create}, Tag: "env:dev"}, "/tag"},
	} {
		err := x.grant.Check()
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%+v: %v, want %q", x.grant, err, x.want)
		}
	}
	if err := (access.Group{Members: []string{"token:a", "group:b"}}).Check(); err == nil || !strings.Contains(err.Error(), "/members/1") {
		t.Errorf("a group in a group: %v", err)
	}
}
