package scripts_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Twilio's
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
)

// webhooks are the examples that check who sent something.
var webhooks = map[string]func(*world){
	"github-webhook":  githubWebhook,
	"shopify-webhook": shopifyWebhook,
	"slack-signing":   slackSigning,
	"stripe-webhook":  stripeWebhook,
	"twilio-webhook":  twilioWebhook,
}

func mac(h func() hash.Hash, key, message string) []byte {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(message))
	return m.Sum(nil)
}

func hexMAC(key, message string) string { return hex.EncodeToString(mac(sha256.New, key, message)) }

func stripeWebhook(x *world) {
	key := x.secret("STRIPE_WEBHOOK_SECRET", "whsec_"+rand.Text())
	x.apply()
	const body = `{"type":"invoice.paid","data":{"object":{"customer":"cus_42"}}}`
	signed := func(key string, at time.Time) input {
		sent := fmt.Sprintf("t=%d", at.Unix())
		// Stripe signs with the old and the new secret while one replaces the other.
		for _, k := range []string{"an old secret", key} {
			sent += ",v1=" + hexMAC(k, fmt.Sprintf("%d.%s", at.Unix(), body))
		}
		return input{"headers": input{"stripe-signature": sent}, "body": body}
	}
	x.run(signed(key, time.Now()), `{"valid": true, "type": "invoice.paid", "customer": "cus_42"}`)
	x.run(signed("another secret", time.Now()), `{"valid": false, "reason": "no signature matches"}`)
	x.run(signed(key, time.Now().Add(-time.Hour)), `{"valid": false, "reason": "the timestamp is missing or too old"}`)
}

func githubWebhook(x *world) {
	key := x.secret("GITHUB_WEBHOOK_SECRET", rand.Text())
	x.apply()
	const body = `{"ref":"refs/heads/main","repository":{"full_name":"ada/engine"}}`
	sent := func(signature string) input {
		return input{"headers": input{"x-github-event": "push", "x-hub-signature-256": signature}, "body": body}
	}
	x.run(sent("sha256="+hexMAC(key, body)), `{"status": 202, "event": "push", "repository": "ada/engine", "ref": "refs/heads/main"}`)
	x.run(sent("sha256="+hexMAC(key+".", body)), `{"status": 401}`)
	x.run(sent("sha256=00"), `{"status": 401}`)
	x.run(sent(""), `{"status": 401}`)
}

func slackSigning(x *world) {
	key := x.secret("SLACK_SIGNING_SECRET", rand.Text())
	x.apply()
	const body = "command=%2Faccess&user_name=ada&text=prod+please"
	signed := func(key string, at time.Time) input {
		time := fmt.Sprint(at.Unix())
		return input{"headers": input{"x-slack-request-timestamp": time, "x-slack-signature": "v0=" + hexMAC(key, "v0:"+time+":"+body)}, "body": body}
	}
	x.run(signed(key, time.Now()), `{"response_type": "ephemeral", "text": "ada asked for prod please"}`)
	x.fails(signed("another", time.Now()), "script_error", "the signature is wrong")
	x.fails(signed(key, time.Now().Add(-time.Hour)), "script_error", "the request is too old")
}

func twilioWebhook(x *world) {
	key := x.secret("TWILIO_AUTH_TOKEN", rand.Text())
	x.apply()
	const at = "https://hooks.example.com/sms"
	params := input{"From": "+15550123", "Body": "stop", "AccountSid": "AC1"}
	signature := base64.StdEncoding.EncodeToString(mac(sha1.New, key, at+"AccountSidAC1BodystopFrom+15550123"))
	x.run(input{"url": at, "params": params, "headers": input{"x-twilio-signature": signature}}, `{"accepted": true, "from": "+15550123", "stop": true}`)
	x.run(input{"url": at + "/", "params": params, "headers": input{"x-twilio-signature": signature}}, `{"accepted": false}`)
}

func shopifyWebhook(x *world) {
	key := x.secret("SHOPIFY_CLIENT_SECRET", "shpss_"+rand.Text())
	x.apply()
	const body = `{"id":42,"total_price":"199.00","note":"crème brûlée"}`
	sent := func(key string) input {
		return input{"headers": input{"x-shopify-shop-domain": "ada.myshopify.com",
			"x-shopify-hmac-sha256": base64.StdEncoding.EncodeToString(mac(sha256.New, key, body))}, "body": body}
	}
	x.run(sent(key), `{"status": 200, "shop": "ada.myshopify.com", "order": 42, "total": "199.00"}`)
	x.run(sent("another"), `{"status": 401}`)
}
