package egress

import "strings"

// The functions of this file are total: whatever a secret holds, it stays in
// the part of the URL that it was allowed for, and no error tells which
// characters it has. On the sealed URL and on the resolved one they do the
// same, so that a surrogate gives what its plaintext would have given.

// canonicalPath percent-encodes what may not stand in a path (RFC 3986, 3.3;
// browsers leave brackets too) and removes dot segments as browsers do, encoded
// ones as well (WHATWG URL, "single-dot" and "double-dot URL path segment").
func canonicalPath(s string) string {
	return removeDotSegments(percentEncode(s, "-._~!$&'()*+,;=:@/[]"))
}

// canonicalQuery percent-encodes what may not stand in a query (RFC 3986, 3.4;
// browsers leave brackets and encode the apostrophe).
func canonicalQuery(s string) string {
	return percentEncode(s, "-._~!$&()*+,;=:@/?[]")
}

// percentEncode leaves alphanumerics, the characters of keep and what is
// percent-encoded already.
func percentEncode(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case alphanumeric(c) || strings.IndexByte(keep, c) >= 0,
			c == '%' && i+2 < len(s) && hexDigit(s[i+1]) && hexDigit(s[i+2]):
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func removeDotSegments(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	kept := make([]string, 0, len(segments))
	for i, segment := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return "/" + strings.Join(kept, "/")
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
