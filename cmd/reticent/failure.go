package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/reticent/reticent/api/client"
)

// The exit codes.
const (
	exitOK    = 0
	exitDeny  = 1
	exitError = 2
	// exitChange is of a dry run that would change something.
	exitChange = 3
)

// errDenied ends a command whose answer is a deny. There is nothing more to say.
var errDenied = errors.New("denied")

// errWouldChange ends a dry run that would change something.
var errWouldChange = errors.New("something would change")

// hinted is an error with advice.
type hinted struct {
	error
	hints []string
}

// Unwrap gives the error without its advice.
func (h hinted) Unwrap() error { return h.error }

// hint adds advice to an error, a line each.
func hint(err error, hints ...string) error { return hinted{err, hints} }

// report tells an error and gives the exit code. Everything on standard error
// begins with the program's name; no capitals, no full stops.
func report(w io.Writer, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errDenied):
		return exitDeny
	case errors.Is(err, errWouldChange):
		return exitChange
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		reportProblem(w, err.Error(), p)
	} else {
		say(w, "error: %v", err)
	}
	if h, ok := errors.AsType[hinted](err); ok {
		for _, line := range h.hints {
			say(w, "hint: %s", line)
		}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		say(w, "hint: is the server running there? %s or --addr says where it is", addrVariable)
	}
	return exitError
}

// reportProblem tells what the server said. Its findings say more than its
// detail, and stand in its place at the end of the text.
func reportProblem(w io.Writer, text string, p *client.Problem) {
	before, isLast := strings.CutSuffix(text, p.Detail)
	if len(p.Errors) == 0 || !isLast {
		say(w, "error: %s", text)
	} else {
		for _, f := range p.Errors {
			say(w, "error: %s%s", before, f)
		}
	}
	for _, r := range p.UsedBy {
		at := r.Scope
		if at == "" {
			at = "the platform"
		}
		say(w, "used by %s %s in %s", r.Kind, r.Name, at)
	}
	switch {
	case p.Status == http.StatusUnauthorized:
		say(w, "hint: %s or --token-file has the token", tokenVariable)
	case p.Code == "in_use":
		say(w, "hint: --force deletes it nevertheless")
	case p.Code == "already_exists":
		say(w, "hint: `put` replaces what exists")
	case p.Status >= http.StatusInternalServerError:
		say(w, "hint: the server's log has more, under the request id %s", p.RequestID)
	}
}

// say writes a line for people to standard error.
func say(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, printable("reticent: "+fmt.Sprintf(format, args...)))
}

// warn passes on what the server wants to be known of a resource.
func warn(w io.Writer, about string, warnings []string) {
	for _, text := range warnings {
		say(w, "warning: %s: %s", about, text)
	}
}
