package egress

import (
	"bytes"
	"io"
	"net/http"
)

// Answer is what stands for a host in a test of a script.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// whyUnanswered is the error of a request that no Answer is for.
const whyUnanswered = "no answer was prepared for this request"

// exchange sends a request, or has the answer of Config.Answer, which gets it
// sealed and after every check.
func (c *Client) exchange(out *outbound, sealed Request, wire *http.Request) (*http.Response, error) {
	if c.answer == nil {
		resp, err := c.transport.RoundTrip(wire)
		if err != nil {
			return nil, out.failure(err)
		}
		return resp, nil
	}
	sealed.Method = wire.Method
	a, ok := c.answer(sealed)
	if !ok {
		return nil, out.failed(whyUnanswered)
	}
	if a.Header == nil {
		a.Header = http.Header{}
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}
