package awskms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore/envelope/awskms"
	"github.com/reticent/reticent/secretstore/envelope/roottest"
	"github.com/reticent/reticent/secretstore/internal/sigv4test"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	keyARN    = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

var signer = sigv4test.Signer{AccessKey: accessKey, SecretKey: secretKey, Region: "eu-central-1", Service: "kms"}

// kms answers as AWS KMS does (TrentService, JSON 1.1).
func kms(t *testing.T, s *roottest.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fail := func(status int, kind string) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": kind})
		}
		if err := signer.Check(r, body); err != nil {
			t.Error(err)
			fail(400, "IncompleteSignatureException")
			return
		}
		switch status := s.Failing(); {
		case status >= 500:
			fail(status, "KMSInternalException")
			return
		case status != 0:
			fail(400, "AccessDeniedException")
			return
		}
		var q struct {
			KeyId                     string
			Plaintext, CiphertextBlob []byte
			EncryptionContext         map[string]string
		}
		if err := json.Unmarshal(body, &q); err != nil || q.KeyId != keyARN {
			t.Errorf("%v, key %q", err, q.KeyId)
		}
		context, err := json.Marshal(q.EncryptionContext)
		if err != nil {
			t.Error(err)
		}
		answer := map[string]any{"KeyId": keyARN, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
		switch r.Header.Get("X-Amz-Target") {
		case "TrentService.Encrypt":
			answer["CiphertextBlob"] = s.Encrypt(q.Plaintext, context)
		case "TrentService.Decrypt":
			plain, err := s.Decrypt(q.CiphertextBlob, context)
			if err != nil {
				fail(400, "InvalidCiphertextException")
				return
			}
			answer["Plaintext"] = plain
		default:
			t.Errorf("target %q", r.Header.Get("X-Amz-Target"))
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

func environment(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_ENDPOINT_URL_KMS": endpoint, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
}

func TestRoot(t *testing.T) {
	s := roottest.NewService()
	server := httptest.NewServer(kms(t, s))
	defer server.Close()
	environment(t, server.URL)
	root, err := awskms.New(t.Context(), awskms.Scheme+keyARN)
	if err != nil {
		t.Fatal(err)
	}
	roottest.Run(t, s, root, true)
}

func TestASilentServiceIsGivenUp(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer server.Close()
	defer close(hold)
	environment(t, server.URL)
	root, err := awskms.New(t.Context(), awskms.Scheme+keyARN)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := root.Wrap(ctx, make([]byte, 32), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, uri := range []string{"aws-kms://", "aws-kms://key", keyARN, "aws-kms://arn:aws:s3:::bucket", "aws-kms://arn:aws:kms::1:key/k"} {
		if _, err := awskms.New(t.Context(), uri); err == nil {
			t.Errorf("%s is taken", uri)
		}
	}
}
