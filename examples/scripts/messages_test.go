package scripts_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
)

// messages are the examples that tell somebody something.
var messages = map[string]func(*world){
	"pagerduty-event": pagerdutyEvent,
	"sendgrid-mail":   sendgridMail,
	"slack-post":      slackPost,
	"twilio-sms":      twilioSMS,
}

// reads gives the body of a request as JSON.
func reads[T any](x *world, r *http.Request) T {
	var v T
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		x.t.Errorf("%s %s: the body is no JSON of its kind: %v", r.Method, r.URL.Path, err)
	}
	return v
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a lost answer fails the run
}

func slackPost(x *world) {
	token := x.secret("SLACK_BOT_TOKEN", "xoxb-"+rand.Text())
	x.host("slack.com", func(w http.ResponseWriter, r *http.Request) {
		message := reads[struct{ Channel, Text string }](x, r)
		switch {
		case r.Method != "POST" || r.URL.Path != "/api/chat.postMessage":
			http.NotFound(w, r)
		case r.Header.Get("Authorization") != "Bearer "+token:
			reply(w, 200, `{"ok": false, "error": "invalid_auth"}`)
		case message.Channel != "C0SECURITY" || message.Text != "eve signed in from IS for the first time":
			reply(w, 200, `{"ok": false, "error": "channel_not_found"}`)
		default:
			// Like a host that echoes what it was sent.
			reply(w, 200, `{"ok": true, "ts": "1503435956.000247", "token": "`+token+`"}`)
		}
	})
	x.apply()
	x.run(input{"user": "eve", "country": "IS"}, `{"posted": "1503435956.000247"}`)
	x.fails(input{"user": "bob", "country": "IS"}, "script_error", "Slack: channel_not_found")
}

func pagerdutyEvent(x *world) {
	key := x.secret("PAGERDUTY_ROUTING_KEY", "R0"+rand.Text())
	x.host("events.pagerduty.com", func(w http.ResponseWriter, r *http.Request) {
		event := reads[struct {
			RoutingKey  string `json:"routing_key"`
			EventAction string `json:"event_action"`
			DedupKey    string `json:"dedup_key"`
			Payload     struct{ Summary, Source, Severity string }
		}](x, r)
		if r.URL.Path != "/v2/enqueue" || event.RoutingKey != key || event.EventAction != "trigger" || event.Payload.Severity != "critical" {
			reply(w, 400, `{"status": "invalid event", "key": "`+event.RoutingKey+`"}`)
			return
		}
		reply(w, 202, `{"status": "success", "message": "Event processed", "dedup_key": "`+event.DedupKey+`"}`)
	})
	x.apply()
	x.run(input{"user": "ada", "attempts": 51}, `{"status": "success", "dedup_key": "lockout/ada"}`)
	// The answer has the key in it, and the script throws it: masked.
	x.fails(input{"user": "ada", "attempts": 1}, "script_error", `"key": "***"`)
}

func sendgridMail(x *world) {
	key := x.secret("SENDGRID_API_KEY", "SG."+rand.Text()+"."+rand.Text())
	code := make(chan string, 2)
	x.host("api.sendgrid.com", func(w http.ResponseWriter, r *http.Request) {
		mail := reads[struct {
			Personalizations []struct{ To []struct{ Email string } }
			Content          []struct{ Type, Value string }
		}](x, r)
		if r.Header.Get("Authorization") != "Bearer "+key || mail.Personalizations[0].To[0].Email != "ada@example.com" {
			reply(w, 401, `{"errors": [{"message": "authorization required"}]}`)
			return
		}
		code <- regexp.MustCompile(`[0-9]{6}`).FindString(mail.Content[0].Value)
		w.Header().Set("X-Message-Id", "m-42")
		w.WriteHeader(http.StatusAccepted)
	})
	x.apply()
	a := x.answerOf("/v1/scripts/sendgrid-mail/run", input{"input": input{"email": "ada@example.com"}})
	out, _ := a.Output.(map[string]any)
	salt, _ := out["salt"].(string)
	sum := sha256.Sum256([]byte(salt + <-code))
	if out["message"] != "m-42" || len(salt) != 32 || out["digest"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
		x.t.Errorf("it returns %v", out)
	}
	x.fails(input{"email": "eve@example.com"}, "script_error", "SendGrid: authorization required")
}

func twilioSMS(x *world) {
	token := x.secret("TWILIO_AUTH_TOKEN", rand.Text())
	x.host("api.twilio.com", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path != "/2010-04-01/Accounts/AC0123456789abcdef/Messages.json" || user != "AC0123456789abcdef" || password != token:
			reply(w, 401, `{"code": 20003, "message": "Authenticate"}`)
		case r.PostFormValue("From") != "+15550100" || r.PostFormValue("To") != "+15550123" || r.PostFormValue("Body") != "déjà vu & more":
			reply(w, 400, `{"code": 21211, "message": "Invalid 'To' Phone Number"}`)
		default:
			reply(w, 201, `{"sid": "SM1", "status": "queued"}`)
		}
	})
	x.apply()
	x.run(input{"phone": "+15550123", "text": "déjà vu & more"}, `{"sid": "SM1", "status": "queued"}`)
	x.fails(input{"phone": "+1", "text": ""}, "script_error", "Twilio 21211")
}
