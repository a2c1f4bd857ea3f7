package worker

import (
	"time"

	"github.com/reticent/reticent/script/host"
	"github.com/reticent/reticent/script/program"
	"github.com/reticent/reticent/secretstore/seal"
)

// The server speaks first: an order, which the worker answers with calls of the
// host while it runs, and a report. Each call but fetch is answered before
// anything else is sent; the end of a fetch comes when it comes.

// order is what a worker is told to do.
type order struct {
	// ID is the key of the compiled program; Units are left out until the worker
	// asks for them.
	ID     string         `json:"id,omitempty"`
	Units  []program.Unit `json:"units,omitempty"`
	Sealed bool           `json:"sealed,omitempty"`
	Check  bool           `json:"check,omitempty"`
	Job    *host.Job      `json:"job,omitempty"`
}

// word is what a worker says: one field, or of a check Findings and Info.
type word struct {
	// Sandbox is the first thing that a worker says.
	Sandbox *Sandbox `json:"sandbox,omitempty"`
	// NeedSource asks for the units of the program of the order.
	NeedSource bool               `json:"need_source,omitempty"`
	Call       *call              `json:"call,omitempty"`
	Findings   *[]program.Finding `json:"findings,omitempty"`
	Info       *program.Info      `json:"info,omitempty"`
	Outcome    *host.Outcome      `json:"outcome,omitempty"`
	// Spent comes with an outcome from a worker that should not be used again.
	Spent bool `json:"spent,omitempty"`
}

// op is what a worker can ask of the host.
type op string

const (
	opHolds       op = "holds"
	opEqual       op = "equal"
	opEqualNumber op = "equal_number"
	opContains    op = "contains"
	opIndex       op = "index"
	opDerive      op = "derive"
	opUnderive    op = "underive"
	opMAC         op = "mac"
	opSign        op = "sign"
	opVerify      op = "verify"
	opKeyKind     op = "key_kind"
	opUseKey      op = "use_key"
	opSetSecret   op = "set_secret"
	opFetch       op = "fetch"
	opCacheGet    op = "cache_get"
	opCacheSet    op = "cache_set"
	opCacheDelete op = "cache_delete"
	opCancel      op = "cancel"
	opParseJSON   op = "parse_json"
)

// call is one call of the host.
type call struct {
	Op      op            `json:"op"`
	A       host.Bytes    `json:"a,omitempty"`
	B       host.Bytes    `json:"b,omitempty"`
	C       host.Bytes    `json:"c,omitempty"`
	D       host.Bytes    `json:"d,omitempty"`
	Number  string        `json:"number,omitempty"` // strconv's, since JSON has no NaN
	Value   any           `json:"value,omitempty"`
	ID      int           `json:"id,omitempty"`
	Request *host.Request `json:"request,omitempty"`
	Use     *host.KeyUse  `json:"use,omitempty"`
}

// reply is the server's answer to a call, or the end of a fetch.
type reply struct {
	Bool   bool             `json:"bool,omitempty"`
	Number int              `json:"number,omitempty"`
	Text   host.Bytes       `json:"text,omitempty"`
	Error  *seal.Error      `json:"error,omitempty"`
	End    *host.Completion `json:"end,omitempty"`
}

// Server is what the host does for a worker. Its methods are those of
// host.Bridge, but that fetch waits for its end. It counts and limits calls.
type Server interface {
	Holds(s string) (bool, error)
	Equal(a, b string) (bool, error)
	EqualNumber(s string, n float64) (bool, error)
	Contains(haystack, needle string) (bool, error)
	Index(haystack, needle string) (int, error)
	Derive(f seal.Func, s string) (string, error)
	Underive(f seal.Func, s string) (string, error)
	MAC(hash seal.Hash, key, message string) (string, error)
	Sign(alg seal.Algorithm, key, message string) (string, error)
	Verify(alg seal.Algorithm, key, message, signature string) (bool, error)
	KeyKind(key string) (seal.KeyKind, error)
	ParseJSON(s string) (string, error)
	UseKey(u host.KeyUse) (text string, ok bool, err error)
	SetSecret(name string, value any, scope string) error
	host.Cache
	Cancel(id int) error
	// StartFetch checks that one more request may be sent and sends it on its own
	// goroutine, which calls done.
	StartFetch(id int, r host.Request, done func(host.Completion)) error
}

// Task is one run of a script.
type Task struct {
	// ID identifies the version of the script and of its modules; a worker that has
	// compiled them before is not sent their sources again.
	ID string
	// Units are the script and its modules.
	Units []program.Unit
	// Sealed has the operators rewritten whatever the source names.
	Sealed bool
	Job    host.Job
	Server Server
	// Limit is how long it may take.
	Limit time.Duration
}
