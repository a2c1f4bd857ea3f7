package egress

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// droppedHeaders describe the connection, or the body as it was before it was
// decoded and sealed: its length tells a secret's length, a digest of it lets
// anybody try secrets out.
var droppedHeaders = []string{
	"Connection", "Content-Digest", "Content-Encoding", "Content-Length", "Content-Md5",
	"Digest", "Keep-Alive", "Repr-Digest", "Trailer", "Transfer-Encoding",
}

func (c *Client) roundTrip(ctx context.Context, run *seal.Run, out *outbound, req Request) (*Response, error) {
	wanted := req.Seal
	resp, err := c.exchange(out, req, out.request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 999 {
		return nil, out.failed(whyBroken)
	}
	body, err := c.read(out, resp)
	if err != nil {
		return nil, err
	}
	target := out.at.target()
	sealed, err := run.SealResponse(target, string(body))
	if err != nil {
		return nil, err
	}
	switch {
	case len(wanted) == 0 || sealed == "":
	case resp.StatusCode/100 == 3:
		sealed = "" // that of a redirect is for people
	default:
		if sealed, err = out.adopt(run, sealed, wanted); err != nil {
			return nil, err
		}
	}
	header, err := out.sealHeader(run, target, resp.Header)
	if err != nil {
		return nil, err
	}
	if out.repeated(sealed) || out.repeatedInHeader(header) {
		return nil, out.failed(whyRepeated)
	}
	return &Response{Status: resp.StatusCode, Header: header, Body: []byte(sealed), URL: out.url}, nil
}

// read gives the decoded body. Whatever is wrong with it, the error is one of
// the constant ones.
func (c *Client) read(out *outbound, resp *http.Response) ([]byte, error) {
	body := patient(resp.Body, c.idle)
	defer body.timer.Stop()
	raw, err := readBounded(body, c.maxResponseBytes)
	if err == nil && len(raw) > 0 {
		raw, err = decode(resp.Header.Values("Content-Encoding"), raw, c.maxResponseBytes)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, out.failed(whyTooLarge(c.maxResponseBytes))
	case body.stalled.Load():
		return nil, out.failed(whyStalled(c.idle))
	case errors.Is(err, errEncoding):
		return nil, out.failed(whyEncoding)
	case err != nil:
		return nil, out.failure(err)
	}
	return raw, nil
}

var (
	errTooLarge = errors.New("egress: response too large")
	errEncoding = errors.New("egress: encoding of the response")
)

func readBounded(r io.Reader, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(b) > limit {
		return nil, errTooLarge
	}
	return b, err
}

// decode undoes Content-Encoding: no plaintext can be found in what is
// compressed.
func decode(encodings []string, raw []byte, limit int) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(strings.Join(encodings, ","))) {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
	default:
		return nil, errEncoding
	}
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, errEncoding
	}
	b, err := readBounded(zip, limit)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil, errEncoding
	}
	return b, err
}

// sealHeader seals each value. A header in whose name a secret stands is left
// out.
func (o *outbound) sealHeader(run *seal.Run, target seal.Target, h http.Header) (http.Header, error) {
	out := make(http.Header, len(h))
	for name, values := range h {
		if slices.Contains(droppedHeaders, name) || o.repeatedInName(name) {
			continue
		}
		// net/http changes the case of a name on the way in.
		spellings := name + "\n" + strings.ToLower(name)
		sealed, err := run.SealResponse(target, spellings)
		if err != nil {
			return nil, err
		}
		if sealed != spellings {
			continue
		}
		for _, value := range values {
			sealed, err := run.SealResponse(target, value)
			if err != nil {
				return nil, err
			}
			out[name] = append(out[name], sealed)
		}
	}
	return out, nil
}

// adopt makes secrets of fields of a sealed body. A host that is a secret gives no
// values limits that would name it.
func (o *outbound) adopt(run *seal.Run, body string, wanted []seal.Adoption) (string, error) {
	if o.whole {
		return run.AdoptJSON(nil, body, wanted)
	}
	target := o.at.target()
	return run.AdoptJSON(&target, body, wanted)
}
