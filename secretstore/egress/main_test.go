package egress

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// canary is in every plaintext of this package's tests.
const canary = "c4nary"

// standardLog is what net/http and everybody else wrote to the standard logger.
var standardLog lockedBuffer

// TestMain fails when a plaintext reached the standard logger, to which net/http
// writes, or when a goroutine outlived the tests.
func TestMain(m *testing.M) {
	log.SetOutput(&standardLog)
	code := m.Run()
	if strings.Contains(standardLog.String(), canary) {
		fmt.Fprintln(os.Stderr, "FAIL: a plaintext is in the standard log")
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		code = 1
	}
	os.Exit(code)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
