package status

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Option("missingkey=error").Funcs(template.FuncMap{
	"moment": moment, "since": since, "left": left,
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
	return rough(now.Sub(t)) + " ago"
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
