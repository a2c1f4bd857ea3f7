package validator

import (
	"encoding/json"
	"time"
)

const (
	// MaxAge is the longest age that a validator may ask for.
	MaxAge = 366 * 24 * time.Hour
	// MaxClockSkew is how far in the future a time may lie that another server
	// wrote.
	MaxClockSkew = time.Minute
)

// compileAge compiles the check that the user has authenticated not long ago:
// OpenID Connect's max_age over its claim auth_time (Core 1.0 section 2).
func compileAge(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "max_age", "field")
	if !ok {
		return nil
	}
	if !conf.has("max_age") {
		c.report(pointer, CodeShape, `write it as "15m"`, "%s needs max_age", name)
	}
	most := conf.duration("max_age", MaxAge, MaxAge)
	field := conf.field("field", "authn_ctx.auth_time")
	const needed = "an authentication not older than the allowed age is needed"
	return c.reasons(name, field.text, []string{needed, needed + ", but " + field.text + " holds no time"},
		func(e *evaluation) (outcome, int) {
			v, _ := e.read(&field)
			at, ok := moment(v)
			// What lies in the future would be young for ever.
			if !ok || at.Sub(e.time()) > MaxClockSkew {
				return undecided, 1
			}
			return outcomeOf(e.time().Sub(at) <= most), 0
		})
}

// maxSeconds is the last second of the year 9999, beyond which no time is meant.
const maxSeconds = 253402300799

// moment reads a time: seconds since 1970 (RFC 7519's NumericDate), or RFC 3339.
func moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return time.Time{}, false
		}
		return moment(f)
	case float64:
		if v < 0 || v > maxSeconds {
			return time.Time{}, false
		}
		return time.UnixMilli(int64(v * 1000)), true
	case string:
		t, err := time.Parse(time.RFC3339, v)
		return t, err == nil
	}
	return time.Time{}, false
}
