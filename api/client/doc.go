// Package client is the Go client of the API. The command line uses it.
//
//	c, err := client.FromEnvironment()
//	secret, err := c.Secrets(client.Scope{Project: "shop"}).Create(ctx, "API_KEY",
//		client.SecretSpec{Value: client.StringValue(key)})
//
// It holds the token and the values of secrets that it sends, and protects them
// from its user's logs: a [Value] prints as "***", no error quotes a request,
// and no redirect is followed, which could carry a request's body elsewhere. It
// retries nothing: who calls knows what may be done twice.
package client
