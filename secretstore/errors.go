package secretstore

import (
	"errors"
	"fmt"
)

// What a request can do wrong. The API gives each its status; the text of the
// error that wraps one is for people.
var (
	// ErrInvalid: the request breaks a rule of the resource.
	ErrInvalid = errors.New("invalid request")
	// ErrNotFound: the scope, resource or version does not exist.
	ErrNotFound = errors.New("not found")
	// ErrExists: a resource of that name exists in the scope.
	ErrExists = errors.New("already exists")
	// ErrChanged: If-Match names another state of the resource.
	ErrChanged = errors.New("changed meanwhile")
	// ErrInUse: documents refer to the resource; delete with force or change
	// them first.
	ErrInUse = errors.New("in use")
	// ErrForbidden: the principal may not do that.
	ErrForbidden = errors.New("forbidden")
	// ErrValueRequired: a limit would widen, and the request has no value.
	ErrValueRequired = errors.New("value required")
	// ErrUnavailable: something that the server needs besides itself does not answer.
	ErrUnavailable = errors.New("unavailable")
	// ErrTooLarge: a value or document is larger than its limit.
	ErrTooLarge = errors.New("too large")
)

// Failure is a refused request: a class from above, and a sentence that says
// what to do. It never holds a value.
type Failure struct {
	Class   error
	Message string
	// UsedBy are the documents that refer to a resource, with [ErrInUse].
	UsedBy []Reference
}

// Error gives the sentence.
func (f *Failure) Error() string { return f.Message }

// Refusal gives the sentence: it may be told to who wrote what is refused.
func (f *Failure) Refusal() string { return f.Message }

// Unwrap gives the class.
func (f *Failure) Unwrap() error { return f.Class }

func fail(class error, format string, args ...any) error {
	return &Failure{Class: class, Message: fmt.Sprintf(format, args...)}
}
