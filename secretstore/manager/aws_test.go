package manager_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/reticent/reticent/secretstore/internal/sigv4test"
	"github.com/reticent/reticent/secretstore/manager"
)

// fakeAWS answers as Secrets Manager does: JSON 1.1, signatures checked, the version
// that is AWSCURRENT.
type fakeAWS struct {
	*vendor
	signer sigv4test.Signer

	mu      sync.Mutex
	token   string // a session token that must be there
	expired bool
	secrets map[string][]map[string]string
	deleted map[string]bool
}

func newFakeAWS(t testing.TB) *fakeAWS {
	a := &fakeAWS{vendor: newVendor(t), secrets: map[string][]map[string]string{}, deleted: map[string]bool{},
		signer: sigv4test.Signer{AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "eu-central-1", Service: "secretsmanager"}}
	a.handler = a.answer
	return a
}

func (a *fakeAWS) set(name, key, value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := map[string]string{key: value}
	if all := a.secrets[name]; len(all) > 0 {
		for k, v := range all[len(all)-1] {
			if k != key {
				next[k] = v
			}
		}
	}
	a.secrets[name] = append(a.secrets[name], next)
	a.deleted[name] = false
}

func (a *fakeAWS) remove(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deleted[name] = true
}

func (a *fakeAWS) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fail := func(status int, kind string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": "refused"})
	}
	switch {
	case a.signer.Check(r, body) != nil:
		fail(400, "InvalidSignatureException")
		return
	case a.expired, r.Header.Get("X-Amz-Security-Token") != a.token:
		fail(400, "ExpiredTokenException")
		return
	case r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue":
		fail(400, "UnknownOperationException")
		return
	}
	var q struct {
		SecretID     string `json:"SecretId"`
		VersionStage string
	}
	if json.Unmarshal(body, &q) != nil || q.VersionStage != "" && q.VersionStage != "AWSCURRENT" {
		fail(400, "ValidationException")
		return
	}
	versions := a.secrets[q.SecretID]
	switch {
	case len(versions) == 0:
		fail(400, "ResourceNotFoundException")
		return
	case a.deleted[q.SecretID]:
		fail(400, "InvalidRequestException")
		return
	}
	text, _ := json.Marshal(versions[len(versions)-1])
	_ = json.NewEncoder(w).Encode(map[string]any{
		"ARN": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:" + q.SecretID + "-AbCdEf", "Name": q.SecretID, "CreatedDate": 1523477145.713,
		"SecretString": string(text), "VersionId": fmt.Sprintf("EXAMPLE1-90ab-cdef-fedc-ba98%08d", len(versions)), "VersionStages": []string{"AWSCURRENT"},
	})
}

// awsSpec is a manager of a fake AWS by an access key.
func awsSpec(w *world, a *fakeAWS) map[string]any {
	w.secret("AWS_SECRET", a.signer.SecretKey, a.URL)
	return map[string]any{"kind": "aws", "timeout_ms": 500, "aws": map[string]any{"region": "eu-central-1", "endpoint": a.URL, "access_key_id": a.signer.AccessKey, "secret": "AWS_SECRET"}}
}

// TestAWSCredentials has keys that are wrong, temporary, expired, and the server's own.
func TestAWSCredentials(t *testing.T) {
	w := open(t, manager.Local{Implicit: true})
	a := newFakeAWS(t)
	a.set("prod/db", "password", first)
	w.secret("WRONG", "not the secret access key 1234", a.URL)
	spec := awsSpec(w, a)
	spec["aws"].(map[string]any)["secret"] = "WRONG"
	w.manager("wrong", spec)
	w.missing("wrong/prod/db/password")
	if h, _ := w.Health(admin, platform, "wrong"); h.LastError != "denied" {
		t.Errorf("with a wrong key the health is %+v", h)
	}
	a.token = "the session token of the test"
	w.secret("SESSION", a.token, a.URL)
	spec["aws"].(map[string]any)["secret"], spec["aws"].(map[string]any)["session_token"] = "AWS_SECRET", "SESSION"
	w.manager("temporary", spec)
	w.is("temporary/prod/db/password", first)
	a.expired = true
	if err := w.Clear(t.Context(), admin, platform, "temporary", ""); err != nil {
		t.Fatal(err)
	}
	w.missing("temporary/prod/db/password")
	a.expired, a.token = false, ""
	t.Setenv("AWS_ACCESS_KEY_ID", a.signer.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", a.signer.SecretKey)
	w.manager("own", map[string]any{"kind": "aws", "aws": map[string]any{"region": "eu-central-1", "endpoint": a.URL}})
	w.is("own/prod/db/password", first)
}
