package egress

import (
	"net/http"
	"strings"

	"github.com/reticent/reticent/secretstore/seal"
)

// redirect gives the request that a response asks for, in the way of WHATWG
// Fetch ("HTTP-redirect fetch"). It is checked like any other request. A
// redirect is not followed when the request held a secret, nor when the
// Location does: the host chose it, not the script.
func redirect(run *seal.Run, req Request, out *outbound, resp *Response) (next Request, follow bool, err error) {
	locations := resp.Header["Location"]
	switch resp.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return Request{}, false, nil
	}
	if req.Redirect == RefuseRedirects {
		return Request{}, false, out.failed("the host redirects, and the request says that it must not")
	}
	if req.Redirect == ReturnRedirects || out.resolved || len(locations) != 1 || run.Holds(locations[0]) {
		return Request{}, false, nil
	}
	if strings.ContainsFunc(locations[0], oddInURL) {
		return Request{}, false, denied("the host redirects to a URL that holds a space, a control character or a backslash")
	}
	ref, err := out.at.url().Parse(locations[0])
	if err != nil {
		return Request{}, false, denied("the host redirects to something that is no URL")
	}
	to, err := parseURL(ref.String())
	if err != nil {
		return Request{}, false, err
	}
	next = Request{Method: out.request.Method, URL: to.String(), Header: canonicalHeader(req.Header), Body: req.Body,
		Redirect: req.Redirect, Seal: req.Seal}
	next.Header.Del("Host")
	if becomesGet(resp.Status, next.Method) {
		next.Method, next.Body = http.MethodGet, nil
		for _, name := range []string{"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"} {
			next.Header.Del(name)
		}
	}
	if !to.sameOrigin(out.at) {
		next.Header.Del("Authorization")
		next.Header.Del("Cookie")
	}
	return next, true, nil
}

func becomesGet(status int, method string) bool {
	if status == http.StatusSeeOther {
		return method != http.MethodGet && method != http.MethodHead
	}
	return method == http.MethodPost && (status == http.StatusMovedPermanently || status == http.StatusFound)
}
