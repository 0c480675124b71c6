package status

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/recent"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Option("missingkey=error").Funcs(template.FuncMap{
	"moment": moment, "since": since, "age": age, "left": left, "lie": lie, "keys": keys, "small": small,
}).Parse(pageText))

// page renders the whole page before the first octet is sent, so that a fault is a clean 500.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	if err := page.Execute(&b, s.o.Snapshot()); err != nil {
		s.o.Log.Error("status page not rendered", slog.Any("error", err))
		http.Error(w, "the page cannot be rendered; see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // a browser that hung up wants none
}

// moment is a time as technicians compare it with logs.
func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// since is how long ago something was, roughly.
func since(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return age(now, t) + " ago"
}

// age is how long something has lasted, roughly; nothing while it has never been so.
func age(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return rough(now.Sub(t))
}

// lie is how durations lie.
func lie(s recent.Summary) string {
	return fmt.Sprintf("%s, 99 %% within %s", millis(s.Median), millis(s.P99))
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', digitsOf(d), 64) + " ms"
}

// digitsOf keeps two figures of a duration below ten milliseconds, and whole ones above.
func digitsOf(d time.Duration) int {
	if d < 10*time.Millisecond {
		return 1
	}
	return 0
}

// keys reports whether readers of a line can have keys.
func keys(l drivers.LineStatus) bool { return l.Driver == "osdp" }

// small names what was counted besides taps, where there was any.
func small(c drivers.Counts) string {
	var parts []string
	for _, count := range []struct {
		n    uint64
		what string
	}{{c.Refused, "refused"}, {c.Retries, "asked again"}, {c.Failures, "failures"}, {c.Waits, "waited"}, {c.Unshown, "lights not shown"}} {
		if count.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	return strings.Join(parts, ", ")
}

// left is how long until something.
func left(now, t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	if now.After(t) {
		return "over since " + rough(now.Sub(t))
	}
	return "for " + rough(t.Sub(now))
}

func rough(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
