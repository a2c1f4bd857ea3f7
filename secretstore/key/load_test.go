package key_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/reticent/reticent/secretstore"
	"github.com/reticent/reticent/secretstore/key"
)

// loadTokens is how many tokens are signed while the key is rotated.
const loadTokens = 10_000

// TestRotationUnderLoad signs and verifies tokens while versions are added, disabled
// and destroyed. A token is valid until somebody begins to disable the version that
// signed it, and none from when that has returned.
func TestRotationUnderLoad(t *testing.T) {
	w := open(t)
	w.secret(platform, "S", `{"generate":{"kind":"ec"}}`)
	w.key(platform, "K", `{"secret":"S"}`)

	var begun, done [4096]atomic.Bool // by version: its end has begun, or is done
	var signed, verified, ended atomic.Int64
	kept := make(chan key.Signed, loadTokens)
	verify := func(s key.Signed) {
		wasDone := done[s.Version].Load()
		v, err := w.Verify(admin, platform, "K", key.VerifyRequest{Token: s.Token})
		switch {
		case err != nil:
			t.Errorf("verify: %v", err)
		case !v.Valid && !begun[s.Version].Load():
			t.Errorf("a valid token of version %d fails: %+v", s.Version, v)
		case v.Valid && wasDone:
			t.Errorf("a token of version %d, which was disabled, is valid", s.Version)
		case v.Valid:
			verified.Add(1)
		default:
			ended.Add(1)
		}
	}

	first := w.sign("K", key.SignRequest{Content: claims(`{}`)})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for signed.Add(1) <= loadTokens {
				s, err := w.Sign(admin, platform, "K", key.SignRequest{Content: claims(`{"sub":"alice"}`)})
				if err != nil {
					t.Errorf("sign: %v", err)
					return
				}
				verify(s)
				kept <- s
				if len(kept) > loadTokens/4 {
					verify(<-kept) // one that is some rotations old
				}
			}
		})
	}
	stop := make(chan struct{})
	rotations := 0
	var rotator sync.WaitGroup
	rotator.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				rotations = n
				return
			default:
			}
			kind := [...]string{"ec", "ed25519", "ec"}[n%3]
			if _, _, err := w.store.AddVersion(t.Context(), admin, platform, "S", secretstore.Given{Generate: &secretstore.Generate{Kind: kind}}, ""); err != nil {
				t.Errorf("add a version: %v", err)
				return
			}
			if n <= 3 { // three versions verify at any time
				continue
			}
			old := n - 3
			begun[old].Store(true)
			var err error
			if n%2 == 0 {
				_, err = w.store.SetVersionStatus(t.Context(), admin, platform, "S", old, secretstore.Disabled, "")
			} else {
				err = w.store.DestroyVersion(t.Context(), admin, platform, "S", old, "")
			}
			if err != nil {
				t.Errorf("end version %d: %v", old, err)
				return
			}
			done[old].Store(true)
		}
	})
	workers.Wait()
	close(stop)
	rotator.Wait()
	verify(first)
	close(kept)
	for s := range kept {
		verify(s)
	}
	t.Logf("%d rotations; %d tokens were valid, %d had ended", rotations, verified.Load(), ended.Load())
	if verified.Load() < loadTokens/2 || rotations < 10 || ended.Load() == 0 {
		t.Error("the load was none")
	}
}
