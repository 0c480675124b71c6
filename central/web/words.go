package web

import (
	"html/template"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
)

// functions are what pages may call. Instants are shown in London.
func functions(a *assets, now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"asset":      a.href,
		"icons":      func() template.HTML { return a.icons },
		"icon":       icon,
		"num":        number,
		"day":        func(t time.Time) string { return t.In(calendar.London).Format("Mon 2 Jan 2006") },
		"short":      func(t time.Time) string { return t.In(calendar.London).Format("Mon 2 Jan") },
		"iso":        func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
		"time":       func(t time.Time) string { return t.In(calendar.London).Format("15:04") },
		"clock":      func(t time.Time) string { return t.In(calendar.London).Format("15:04:05.000") },
		"civil":      civil,
		"civilshort": func(day string) string { return inWords(day, "Mon 2 Jan") },
		"overdue":    func(day string) bool { return calendar.DayOf(now()).String() > day },
		"quality":    clockWords,
		"timenote":   timeNote,
		"astray":     astray,
		"seg":        url.PathEscape,
		"code":       codeTag,
		"level":      levelTag,
		"light":      lightClass,
		"opens":      opensTag,
		"rule":       ruleWords,
		"kind":       kindWords,
		"fact":       factWords,
		"codeid":     func(c report.Code) string { return string(c) },
		"card":       func(e report.Session, link bool) linkedSession { return linkedSession{e, link} },
		"rows": func(e []report.Session, link bool, gaps sessionGaps) linkedSessions {
			return linkedSessions{e, link, gaps}
		},
		"second":  func(t time.Time) string { return t.In(calendar.London).Format("15:04:05") },
		"lasting": lasting,
		"tenth":   func(permille int64) string { return strconv.FormatFloat(float64(permille)/10, 'f', 1, 64) + "%" },
	}
}

func icon(name string) template.HTML {
	return template.HTML(`<svg class="i" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`) //nolint:gosec // escaped
}

// number writes an integer with thousands apart, e.g. 12,345.
func number(v any) string {
	var n int64
	switch v := v.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	case uint64:
		n = int64(min(v, math.MaxInt64))
	}
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// civil writes a day, yyyy-mm-dd, in words.
func civil(day string) string { return inWords(day, "Mon 2 Jan 2006") }

func inWords(day, layout string) string {
	d, err := calendar.ParseDay(day)
	if err != nil {
		return day
	}
	return d.Starts().Format(layout)
}

// clockWords says how far a gateway's clock can be trusted (contract.Quality).
func clockWords(quality string) string {
	switch quality {
	case contract.FreeRunning.String():
		return "running freely since it was last set"
	case contract.NeverSet.String():
		return "not set since the gateway started"
	}
	return quality
}

// timeNote says how a tap's time came to be another than its stamp; "" if it is the stamp.
func timeNote(t report.Tap) string {
	stamped := "stamped " + exact(t.StampedAt)
	switch {
	case t.Time == report.Corrected:
		return "time corrected, " + stamped
	case t.Time != report.Uncertain || t.Latest == nil:
		return ""
	case t.Earliest == nil:
		return "time not known, before " + exact(*t.Latest) + ", " + stamped
	}
	return "time not known, between " + exact(*t.Earliest) + " and " + exact(*t.Latest) + ", " + stamped
}

// astray says how far a gateway's clock is from central's.
func astray(aheadMS int64) string {
	ahead := (time.Duration(aheadMS) * time.Millisecond).Round(time.Second)
	if ahead < 0 {
		return (-ahead).String() + " behind central"
	}
	return ahead.String() + " ahead of central"
}

func exact(t time.Time) string { return t.In(calendar.London).Format("2 Jan 2006 15:04:05.000") }

// tag is a word with a colour and an icon, so that colour never stands alone.
type tag struct{ Class, Icon, Word string }

var codeTags = map[report.Code]tag{
	"P": {"ok", "circle-check", ""}, "L": {"warn", "clock-alert", ""}, "A": {"bad", "circle-x", ""}, "E": {"info", "plane", ""},
	"R": {"info", "radio-tower", ""}, "N": {"plain", "calendar-off", ""}, "X": {"plain", "calendar-off", ""}, "U": {"plain", "circle-alert", ""},
	report.Unjudged: {"plain", "circle-alert", ""},
}

func codeTag(c report.Code) tag {
	t := codeTags[c]
	t.Word = c.String()
	return t
}

var levelTags = map[report.Level]tag{
	report.Good: {"ok", "circle-check", ""}, report.FirstWarning: {"warn", "circle-alert", ""}, report.SecondWarning: {"high", "triangle-alert", ""},
	report.FinalWarning: {"bad", "octagon-alert", ""}, report.ReportToUKVI: {"bad worst", "send", ""},
}

func levelTag(l report.Level) tag {
	t := levelTags[l]
	t.Word = l.String()
	return t
}

// lightClass is the colour of a tap's dot.
func lightClass(t report.Tap) string {
	switch t.Light() {
	case "green", "red":
		return t.Light()
	case "unknown":
		return ""
	}
	return "blue"
}

// linkedSession and linkedSessions are shown with a link to the register where the reader may open it.
type (
	linkedSession struct {
		S    report.Session
		Link bool
	}
	linkedSessions struct {
		Sessions []report.Session
		Link     bool
		Gaps     sessionGaps
	}
	// sessionGaps says for how long a room of a session was not covered, by session.
	sessionGaps map[string]string
)

// lasting is the length of a gap in words.
func lasting(since, until time.Time) string {
	switch d := until.Sub(since); {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	default:
		return strconv.FormatFloat(d.Hours(), 'f', 1, 64) + " h"
	}
}
