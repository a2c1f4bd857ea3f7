package validator

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are known wherever the server runs

	"github.com/reticent/reticent/policy/jsonvalue"
)

// window holds at certain times.
type window struct {
	zone *time.Location
	// days are the days of the week, all when there is none.
	days  []time.Weekday
	hours []hours
	// from and until bound the window; until is not in it.
	from, until time.Time
}

// hours is a part of a day, in minutes since midnight. It goes over midnight
// when it ends before it begins, and is then of the day on which it began.
type hours struct{ from, to int }

const minutesPerDay = 24 * 60

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func compileTime(c *compiler, name string, v any, pointer string) node {
	conf, ok := c.conf(v, pointer, "time_zone", "days", "hours", "not_before", "not_after")
	if !ok {
		return nil
	}
	if len(conf.members) == 0 || len(conf.members) == 1 && conf.has("time_zone") {
		c.report(pointer, CodeShape, "", "%s needs one of days, hours, not_before, not_after", name)
	}
	w := window{zone: time.UTC}
	if zone := conf.text("time_zone", "UTC"); zone != "" {
		var err error
		// "Local" would mean wherever the server happens to stand.
		if w.zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			conf.wrong("time_zone", "write a name such as Europe/Warsaw or UTC", "there is no such time zone")
			return nil
		}
	}
	w.days, w.hours = conf.days(), conf.hours()
	w.from = conf.moment("not_before", w.zone)
	w.until = conf.moment("not_after", w.zone)
	if !w.from.IsZero() && !w.until.IsZero() && !w.from.Before(w.until) {
		conf.wrong("not_after", "", "not_after must be later than not_before")
	}
	return c.reasons(name, "", []string{"this is allowed at certain times only"}, w.look)
}

// days reads names of days, whole or by their first three letters.
func (f conf) days() []time.Weekday {
	var out []time.Weekday
	for i, name := range f.texts("days") {
		name = strings.ToLower(name)
		day := slices.IndexFunc(weekdays, func(d string) bool { return d == name || d[:3] == name })
		if day < 0 {
			f.report(jsonvalue.Element(f.at("days"), i), CodeShape, "write monday or mon", "there is no such day")
			continue
		}
		out = append(out, time.Weekday(day))
	}
	return out
}

// hours reads parts of a day, each {"from": "09:00", "to": "17:00"}.
func (f conf) hours() []hours {
	if !f.has("hours") {
		return nil
	}
	list, ok := f.members["hours"].([]any)
	if !ok || len(list) == 0 {
		f.wrong("hours", "", `hours must be an array of one {"from": "09:00", "to": "17:00"} or more`)
		return nil
	}
	var out []hours
	for i, v := range list {
		pointer := jsonvalue.Element(f.at("hours"), i)
		members, ok := f.object(v, pointer, "from", "to")
		if !ok {
			continue
		}
		from, known := minutes(members["from"])
		to, too := minutes(members["to"])
		if !known || !too || from == to || from == minutesPerDay {
			f.report(pointer, CodeShape, "", "hours are written from 00:00 to 24:00, and are not empty")
			continue
		}
		out = append(out, hours{from, to})
	}
	return out
}

// minutes reads a time of day.
func minutes(v any) (int, bool) {
	s, _ := v.(string)
	if s == "24:00" {
		return minutesPerDay, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == len("15:04")
}

// moment reads a time (RFC 3339), or a date, which begins at midnight.
func (f conf) moment(name string, zone *time.Location) time.Time {
	text := f.text(name, "")
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err == nil {
		return t
	}
	if t, err = time.ParseInLocation(time.DateOnly, text, zone); err != nil {
		f.wrong(name, "", "%s must be a date such as 2030-01-31 or a time such as 2030-01-31T12:00:00Z", name)
	}
	return t
}

func (w window) look(e *evaluation) (outcome, int) {
	now := e.time()
	return outcomeOf(!now.Before(w.from) && (w.until.IsZero() || now.Before(w.until)) && w.within(now.In(w.zone))), 0
}

func (w window) within(now time.Time) bool {
	today := now.Weekday()
	if len(w.hours) == 0 {
		return w.on(today)
	}
	minute := now.Hour()*60 + now.Minute()
	for _, h := range w.hours {
		switch {
		case h.from < h.to:
			if w.on(today) && h.from <= minute && minute < h.to {
				return true
			}
		case w.on(today) && minute >= h.from, w.on((today+6)%7) && minute < h.to:
			return true
		}
	}
	return false
}

func (w window) on(day time.Weekday) bool { return len(w.days) == 0 || slices.Contains(w.days, day) }
