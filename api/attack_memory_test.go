package api_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/reticent/reticent/api/apitest"
	"github.com/reticent/reticent/script"
	"github.com/reticent/reticent/script/worker"
	"github.com/reticent/reticent/secretstore/egress"
)

// TestWorkerMemory reads, from outside, everything that the kernel shows of every
// worker while a script that has used its secrets in each way waits for a host
// that is slow to answer. The caller does not send them. No form of a secret is
// there. What the script has in plain text is, or the search would be worth
// nothing.
func TestWorkerMemory(t *testing.T) {
	arrived, release := make(chan string), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- r.Header.Get("Authorization")
		<-release
		_, _ = io.WriteString(w, `{"echo":"`+r.Header.Get("Authorization")+`"}`)
	}))
	defer slow.Close()
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()
	s := apitest.Start(t, apitest.Options{Script: func(c *script.Config) { c.Workers, c.Limits.Time = 2, time.Minute },
		Egress: func(c *egress.Config) { c.Timeout = time.Minute }})
	// Drawn here: what stands in the test's text is in the memory of its workers,
	// which run the same binary.
	key, marker := "K"+rand.Text(), "M"+rand.Text()
	field := "F" + rand.Text()
	send := func(method, path, body string) {
		t.Helper()
		if a := deliver(t, s, message{method: method, path: path, body: body}); a.Status/100 != 2 {
			t.Fatalf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	send("PUT", "/v1/secrets/KEY", fmt.Sprintf(`{"value":%q,"allowed_hosts":[%q],"release":true}`, key, slow.URL))
	send("PUT", "/v1/secrets/DB", fmt.Sprintf(`{"value":{"password":%q}}`, field))
	send("PUT", "/v1/scripts/parked", `{"source":`+jsonOf(t, `
		module.exports = async function (context) {
			const key = context.secrets.KEY
			const kept = ["Bearer " + key, btoa("user:" + key), encodeURIComponent(key), JSON.stringify({ key }), context.secrets.DB.password]
			const compared = [key === context.input.token, [context.input.token].includes(key), kept[4] == "no"]
			const marker = context.input.marker + "!"
			const res = await fetch(context.input.url, { headers: { Authorization: kept[0] } })
			return [marker, compared, kept.length, await res.json()]
		}`)+`}`)

	answered := make(chan reply, 1)
	go func() {
		answered <- deliver(t, s, message{method: "POST", path: "/v1/scripts/parked/run", body: fmt.Sprintf(`{"input":{"token":"not the key","marker":%q,"url":%q}}`, marker, slow.URL)})
	}()
	select {
	case got := <-arrived:
		if got != "Bearer "+key {
			t.Errorf("the host was sent %q", got)
		}
	case end := <-answered:
		t.Fatalf("the script did not come to its request: %d %s", end.Status, end.Body)
	}
	forms := append(apitest.Disguises(key), apitest.Disguises(field)...)
	for _, secret := range []string{key, field} {
		forms = append(forms, apitest.Disguise{Form: "UTF-16", Text: wide(secret)})
	}
	workers := workersOfThisProcess(t)
	var seen []byte
	for _, pid := range workers {
		seen = append(seen, shown(t, pid)...)
	}
	letGo()
	for _, d := range forms {
		if bytes.Contains(seen, []byte(d.Text)) {
			t.Errorf("a worker has a secret (%s)", d.Form)
		}
	}
	found := bytes.Count(seen, []byte(marker))
	if len(workers) < 2 {
		t.Errorf("%d workers", len(workers))
	}
	if found == 0 && os.Getuid() == 0 {
		t.Error("the marker was not found: the search sees nothing")
	}
	end := <-answered
	if end.Status != http.StatusOK || bytes.Contains(end.Body, []byte(key)) || !bytes.Contains(end.Body, []byte(`"echo":"Bearer ***"`)) {
		t.Errorf("%d %s", end.Status, end.Body)
	}
	t.Logf("%d workers, %d forms, %d bytes, the marker %d times", len(workers), len(forms), len(seen), found)
}

// workersOfThisProcess gives the process numbers of the workers of every server
// of this test.
func workersOfThisProcess(t *testing.T) []int {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(b)) {
			if line, err := os.ReadFile("/proc/" + pid + "/cmdline"); err == nil && strings.Contains(string(line), worker.Marker) {
				n, _ := strconv.Atoi(pid)
				out = append(out, n)
			}
		}
	}
	return out
}

// shown gives all that the kernel shows of a process: its memory, its arguments,
// its environment, its files. It shows the memory to root only, since a worker is
// not dumpable: that, too, is what must be.
func shown(t *testing.T, pid int) []byte {
	t.Helper()
	var out bytes.Buffer
	proc := fmt.Sprintf("/proc/%d/", pid)
	for _, name := range []string{"cmdline", "environ", "auxv", "status", "limits", "comm"} {
		b, err := os.ReadFile(proc + name)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			t.Fatal(err)
		}
		out.Write(b)
	}
	files, _ := os.ReadDir(proc + "fd")
	for _, f := range files {
		target, _ := os.Readlink(proc + "fd/" + f.Name())
		out.WriteString(target)
	}
	maps, err := os.ReadFile(proc + "maps")
	memory, err2 := os.Open(proc + "mem")
	if os.Getuid() != 0 && errors.Is(errors.Join(err, err2), fs.ErrPermission) {
		return out.Bytes()
	}
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = memory.Close() }()
	page, zeros := make([]byte, 1<<16), make([]byte, 1<<16)
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "[v") { // the kernel's own pages: vvar, vdso, vsyscall
			continue
		}
		var start, end int64
		var mode, offset, device string
		var inode int
		if _, err := fmt.Sscanf(line, "%x-%x %s %s %s %d", &start, &end, &mode, &offset, &device, &inode); err != nil {
			t.Fatal(err)
		}
		if mode[0] != 'r' || mode[1] != 'w' && inode != 0 { // the program's own file holds no secret
			continue
		}
		// Most of what is mapped was never touched and is zeros.
		for at := start; at < end; at += int64(len(page)) {
			n, err := memory.ReadAt(page[:min(int64(len(page)), end-at)], at)
			if err == nil && !bytes.Equal(page[:n], zeros[:n]) {
				out.Write(page[:n])
			}
		}
		out.WriteByte(0)
	}
	return out.Bytes()
}

// wide gives the form in which the engine keeps strings that are not ASCII.
func wide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}
