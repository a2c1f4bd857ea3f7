package validator_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/policy/validator"
	"github.com/reticent/reticent/secretstore/seal"
)

// delivery is a request with a body and headers, as an input.
func delivery(tb testing.TB, body string, headers ...string) string {
	tb.Helper()
	all := make(map[string]any)
	for i := 0; i < len(headers); i += 2 {
		all[headers[i]] = []any{headers[i+1]}
	}
	text, err := json.Marshal(map[string]any{"request": map[string]any{"raw_body": body, "headers": all}})
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestWebhooks(t *testing.T) {
	const body = `{"event": "pushed", "ż": "*"}`
	stamp := func(ago time.Duration) string { return fmt.Sprint(noon.Add(-ago).Unix()) }
	hexMAC := func(message string) string { return hex.EncodeToString(mac(apiKey, message)) }

	t.Run("github", func(t *testing.T) {
		sent := func(signature string) string { return delivery(t, body, "X-Hub-Signature-256", signature) }
		expect(t, `{"name": "webhook", "conf": {"scheme": "github", "secret": "API_KEY"}}`,
			[]string{sent("sha256=" + hexMAC(body)), sent("sha256=" + strings.ToUpper(hexMAC(body)))}, nil,
			[]string{sent(""), sent(hexMAC(body)), sent("sha256="), sent("sha256=*"), sent("sha1=" + hexMAC(body)), sent("sha256=" + hexMAC(body)[:62]), sent("sha256=" + hexMAC(body) + "00"),
				sent("sha256=" + hexMAC(body+" ")), sent("sha256=" + hex.EncodeToString(mac("", body))), `{}`, delivery(t, body),
				`{"request": {"raw_body": {"event": "pushed"}, "headers": {"X-Hub-Signature-256": "sha256=` + hexMAC(body) + `"}}}`,
				`{"request": {"headers": {"X-Hub-Signature-256": "sha256=` + hexMAC("") + `"}}}`,
				`{"request": {"raw_body": "x", "headers": {"X-Hub-Signature-256": ["sha256=` + hexMAC("x") + `", "sha256=` + hexMAC("x") + `"]}}}`})
	})
	t.Run("slack", func(t *testing.T) {
		sent := func(at, signature string) string {
			return delivery(t, body, "X-Slack-Request-Timestamp", at, "X-Slack-Signature", signature)
		}
		signed := func(at string) string { return sent(at, "v0="+hexMAC("v0:"+at+":"+body)) }
		expect(t, `{"name": "webhook", "conf": {"scheme": "slack", "secret": "API_KEY"}}`,
			[]string{signed(stamp(0)), signed(stamp(5 * time.Minute)), signed(stamp(-5 * time.Minute))}, nil,
			[]string{signed(stamp(5*time.Minute + time.Second)), signed(stamp(-6 * time.Minute)), signed("0" + stamp(0)), signed("+" + stamp(0)), signed(""),
				signed(stamp(0) + ".5"), signed("-1"), signed("99999999999999999999"), sent(stamp(0), "v0="+hexMAC("v0:"+stamp(time.Second)+":"+body)),
				delivery(t, body, "X-Slack-Signature", "v0="+hexMAC("v0::"+body))})
	})
	t.Run("stripe", func(t *testing.T) {
		sent := func(header string) string { return delivery(t, body, "Stripe-Signature", header) }
		v1 := hexMAC(stamp(0) + "." + body)
		expect(t, `{"name": "webhook", "conf": {"scheme": "stripe", "secret": "API_KEY", "tolerance": "1m"}}`,
			[]string{
				sent("t=" + stamp(0) + ",v1=" + v1), sent("t=" + stamp(0) + ",v1=" + hexMAC("x") + ",v1=" + v1 + ",v0=x"),
				sent("t=" + stamp(time.Minute) + ",v1=" + hexMAC(stamp(time.Minute)+"."+body)),
			}, nil,
			[]string{
				sent("t=" + stamp(0)), sent("v1=" + v1), sent("t=" + stamp(0) + ",v0=" + v1), sent("t=" + stamp(1) + ",v1=" + v1),
				sent("t=" + stamp(2*time.Minute) + ",v1=" + hexMAC(stamp(2*time.Minute)+"."+body)),
				// The last of two timestamps counts, for freshness as for what is signed.
				sent("t=" + stamp(0) + ",t=" + stamp(2*time.Minute) + ",v1=" + v1), sent("t=" + stamp(2*time.Minute) + ",t=" + stamp(0) + ",v1=" + hexMAC(stamp(2*time.Minute)+"."+body)),
				sent("t=" + stamp(0) + strings.Repeat(",v1="+hexMAC("x"), validator.MaxSignatures) + ",v1=" + v1),
			})
	})
	t.Run("standard", func(t *testing.T) {
		const key = "\x01\x02\xfe a key of bytes \xff"
		secret := map[string]any{"WH": "whsec_" + base64.StdEncoding.EncodeToString([]byte(key))}
		sent := func(id, at, signature string) string {
			return delivery(t, body, "Webhook-Id", id, "Webhook-Timestamp", at, "Webhook-Signature", signature)
		}
		sign := func(key, id, at string) string {
			return "v1," + base64.StdEncoding.EncodeToString(mac(key, id+"."+at+"."+body))
		}
		for input, want := range map[string]bool{
			sent("msg_1", stamp(0), sign(key, "msg_1", stamp(0))):                                          true,
			sent("msg_1", stamp(0), "v1,AAAA v1a,x "+sign(key, "msg_1", stamp(0))):                         true,
			sent("msg_2", stamp(0), sign(key, "msg_1", stamp(0))):                                          false,
			sent("msg_1", stamp(time.Hour), sign(key, "msg_1", stamp(time.Hour))):                          false,
			sent("msg_1", stamp(0), strings.TrimPrefix(sign(key, "msg_1", stamp(0)), "v1,")):               false,
			sent("msg_1", stamp(0), sign("", "msg_1", stamp(0))):                                           false,
			sent("msg_1", stamp(0), sign(secret["WH"].(string), "msg_1", stamp(0))):                        false,
			delivery(t, body, "webhook-timestamp", stamp(0), "webhook-signature", sign(key, "", stamp(0))): false,
		} {
			if r := evaluateWith(t, secret, `[{"name": "webhook", "conf": {"scheme": "standard", "secret": "WH"}}]`, input); r.Decision != want || r.Err != nil {
				t.Errorf("%s: %+v", input, r)
			}
		}
	})
	t.Run("hmac", func(t *testing.T) {
		h := hmac.New(sha512.New, []byte(apiKey))
		h.Write([]byte(stamp(0) + "\n" + body))
		sum := base64.StdEncoding.EncodeToString(h.Sum(nil))
		encoded := base64.StdEncoding.EncodeToString([]byte(body))
		expect(t, `{"name": "webhook", "conf": {"secret": "API_KEY", "header": "X-Sig", "prefix": "hmac ", "hash": "sha512", "encoding": "base64",
			"timestamp_header": "X-Time", "message": "{timestamp}\n{body}", "tolerance": "10s", "body": "request.body_base64", "body_encoding": "base64"}}`,
			[]string{`{"request": {"body_base64": "` + encoded + `", "headers": {"X-Sig": "hmac ` + sum + `", "X-Time": "` + stamp(0) + `"}}}`}, nil,
			[]string{`{"request": {"body_base64": "` + encoded + `", "headers": {"X-Sig": "hmac ` + sum + `", "X-Time": "` + stamp(time.Second) + `"}}}`,
				`{"request": {"body_base64": "!", "headers": {"X-Sig": "hmac ` + sum + `", "X-Time": "` + stamp(0) + `"}}}`})
	})
}

// Each wrong signature under a weak key is a guess at it.
func TestWebhookOfAWeakSecretIsLimited(t *testing.T) {
	guard := seal.NewGuard()
	policy := bindAt(t, map[string]any{"PIN": pin}, `[{"name": "webhook", "conf": {"scheme": "github", "secret": "PIN"}}]`)
	for n := 0; ; n++ {
		input := map[string]any{"request": map[string]any{"raw_body": "x", "headers": map[string]any{
			"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac(fmt.Sprint("guess", n), "x"))}}}
		r := policy.Evaluate(t.Context(), input, seal.Options{Principal: "mallory", Guard: guard})
		if r.Decision || n > seal.MaxMissesPerMinute+1 {
			t.Fatalf("guess %d: %+v", n, r)
		}
		if r.Err != nil {
			if r.Err.Code != seal.CodeLimited || n < seal.MaxMissesPerMinute {
				t.Errorf("guess %d: %+v", n, r)
			}
			return
		}
	}
}
