package api_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/reticent/reticent/api/client"
)

// tourAccess gives and takes permissions.
func tourAccess(ctx context.Context, t *testing.T, c *client.Client, scope client.Scope, ok func(error)) {
	t.Helper()
	token, err := c.Tokens(scope).Create(ctx, client.TokenSpec{Role: "author", Description: "tour"})
	ok(err)
	if token.Value == "" || token.ETag == "" {
		t.Errorf("token %+v", token)
	}
	if again, err := c.Tokens(scope).Get(ctx, token.ID); err != nil || again.Value != "" {
		t.Errorf("token %+v, %v", again, err)
	}
	later := time.Now().Add(time.Hour)
	token, err = c.Tokens(scope).Expire(ctx, token.ID, &later, token.ETag)
	ok(err)
	all, err := c.Tokens(scope).All(ctx)
	ok(err)
	if len(all) == 0 {
		t.Error("no tokens")
	}

	grants := c.Grants(scope)
	g, _, err := grants.Put(ctx, "authors-use", client.GrantSpec{Subject: token.Subject, Permissions: []string{"use"}, Names: "API_*"}, "")
	ok(err)
	_, err = grants.Patch(ctx, "authors-use", map[string]any{"description": "tour"}, g.ETag)
	ok(err)
	_, err = grants.Get(ctx, "authors-use")
	ok(err)
	_, err = grants.All(ctx)
	ok(err)
	ok(grants.Delete(ctx, "authors-use", "", false))
	ok(c.Tokens(scope).Revoke(ctx, token.ID, "", true))

	page, err := c.Audit(ctx, scope, url.Values{"page_size": {"2"}, "action": {"grant.put"}})
	ok(err)
	if len(page.Items) != 2 {
		t.Errorf("%d audit entries", len(page.Items))
	}
	if scope.Project != "" {
		return // groups are the platform's
	}
	report, err := c.VerifyAudit(ctx)
	ok(err)
	if !report.Intact {
		t.Errorf("the audit log: %+v", report)
	}
	issuers := c.Issuers()
	issuer, _, err := issuers.Put(ctx, "corp", client.IssuerSpec{Issuer: "https://login.example.com", Audiences: []string{"reticent"}, JWKSURL: "https://login.example.invalid/jwks.json"}, "")
	ok(err)
	_, err = issuers.Patch(ctx, "corp", map[string]any{"algorithms": []string{"ES256"}}, issuer.ETag)
	ok(err)
	_, err = issuers.Get(ctx, "corp")
	ok(err)
	_, err = issuers.All(ctx)
	ok(err)
	ok(issuers.Delete(ctx, "corp", "", false))
	groups := c.Groups()
	group, _, err := groups.Put(ctx, "billing", client.GroupSpec{Members: []string{"user:corp:alice", "group:corp:billing", token.Subject}}, "")
	ok(err)
	_, err = groups.Patch(ctx, "billing", map[string]any{"members": []string{"user:corp:alice"}}, group.ETag)
	ok(err)
	_, err = groups.Get(ctx, "billing")
	ok(err)
	_, err = groups.All(ctx)
	ok(err)
	ok(groups.Delete(ctx, "billing", "", false))
}
