package secretstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/reticent/reticent/secretstore"
)

// rotatingEnv tells a child of the test the directory whose key it rotates.
const rotatingEnv = "RETICENT_ROTATION_TEST_CHILD"

// TestRotationKilled kills a process that rotates its key, again and again on the same
// data: each start finishes what was under way and loses nothing.
func TestRotationKilled(t *testing.T) {
	dir := t.TempDir()
	s := under(t, dir, "file:key.json")
	const secrets = 40
	for i := range secrets {
		mustCreate(t, s, secretstore.Scope{}, fmt.Sprint("S", i), secretstore.Spec{Value: value(fmt.Sprint(strong, i))})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kills, resumed := 0, 0
	for begin := time.Now(); kills < killRounds && time.Since(begin) < killDuration; kills++ {
		rotateAndKill(t, dir)
		s := under(t, dir, "file:key.json")
		if k, err := s.KEK(admin); err != nil {
			t.Fatal(err)
		} else if k.Rotation != nil {
			resumed++
		}
		end := rotated(t, s)
		for i := range secrets {
			if !sees(t, s, secretstore.Scope{}, fmt.Sprint("S", i), fmt.Sprint(strong, i)) {
				t.Fatalf("after %d kills: secret %d is lost", kills+1, i)
			}
		}
		if report, err := s.VerifyAudit(t.Context(), admin); err != nil || !report.Intact {
			t.Fatalf("after %d kills: audit log %+v, %v", kills+1, report, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if left := keksIn(t, dir); len(left) != 1 || left[0] != end.ID {
			t.Errorf("after %d kills: the database has something under %v, want %s alone", kills+1, left, end.ID)
		}
	}
	t.Logf("%d kills, %d of them in the middle of a rotation", kills, resumed)
}

func rotateAndKill(t *testing.T, dir string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), rotatingEnv+"="+dir)
	var stderr strings.Builder
	child.Stderr = &stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	left := 1 + rand.IntN(4)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if left--; left == 0 {
			time.AfterFunc(rand.N(20*time.Millisecond), func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the child ended by itself: %v, %s", err, &stderr)
	}
}

// rotateUntilKilled is the child. It says each rotation that began or ended.
func rotateUntilKilled(dir string) error {
	ctx := context.Background()
	s, err := openUnder(ctx, dir, "file:key.json", nil)
	if err != nil {
		return err
	}
	for {
		if _, err := s.RotateKEK(ctx, admin, ""); err != nil {
			return err
		}
		fmt.Println("began")
		for {
			k, err := s.KEK(admin)
			if err != nil {
				return err
			}
			if k.Rotation.FinishedAt != nil {
				break
			}
			time.Sleep(100 * time.Microsecond) // in a process of its own, which is killed
		}
		fmt.Println("ended")
	}
}
