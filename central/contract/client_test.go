package contract

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &Client{HTTP: s.Client(), Base: s.URL}
}

func TestClientReadsProblems(t *testing.T) {
	tests := []struct {
		name   string
		status int
		kind   string
		retry  string
		body   string
		want   Problem
	}{
		{"gap", 409, "application/problem+json", "", `{"type":"urn:rollcall:problem:gap","title":"Gap","status":409,"expected":12,"new_field":1}`,
			Problem{Type: ProblemGap, Title: "Gap", Status: 409, Expected: 12}},
		{"busy", 503, "application/problem+json", "7", `{"type":"urn:rollcall:problem:busy","title":"Busy"}`,
			Problem{Type: ProblemBusy, Title: "Busy", Status: 503, RetryAfter: 7 * time.Second}},
		{"a proxy speaks", 502, "text/html", "", `<h1>Bad gateway</h1>`, Problem{Title: "Bad Gateway", Status: 502}},
		{"torn", 500, "application/problem+json", "soon", `{"type":`, Problem{Title: "Internal Server Error", Status: 500}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.Header().Set("Retry-After", tt.retry)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := c.SendBatch(context.Background(), Batch{})
			var p *Problem
			if !errors.As(err, &p) || *p != tt.want {
				t.Errorf("SendBatch = %+v, want %+v", err, tt.want)
			}
		})
	}
}

func TestClientRefusesGarbageReceipt(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"through":9}{"through":10}`)) })
	if receipt, err := c.SendBatch(context.Background(), Batch{}); !errors.Is(err, ErrTrailing) {
		t.Errorf("SendBatch = %+v, %v; want ErrTrailing", receipt, err)
	}
}

func TestClientTimetable(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("have") == "5" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set(SignatureHeader, "c2lnbmVk")
		_, _ = w.Write([]byte("document"))
	})
	if _, err := c.Timetable(context.Background(), 5, time.Second); !errors.Is(err, ErrUnchanged) {
		t.Errorf("Timetable = %v, want ErrUnchanged", err)
	}
	got, err := c.Timetable(context.Background(), 4, time.Second)
	if err != nil || string(got.Document) != "document" || string(got.Signature) != "signed" {
		t.Errorf("Timetable = %q %q, %v", got.Document, got.Signature, err)
	}
}

// RFC 9110 allows seconds and a date; whatever else a server says is no time.
func TestRetryAfterInBothForms(t *testing.T) {
	for header, want := range map[string]struct{ least, most time.Duration }{
		"7": {7 * time.Second, 7 * time.Second}, "0": {}, "-3": {}, "soon": {}, "": {}, "99999999999999999999": {}, "315360000": {maxRetryAfter, maxRetryAfter},
		time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat): {1, 10 * time.Minute},
		time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       {},
		time.Now().Add(9000 * time.Hour).UTC().Format(http.TimeFormat): {maxRetryAfter, maxRetryAfter},
	} {
		if got := retryAfter(header); got < want.least || got > want.most {
			t.Errorf("retryAfter(%q) = %v, want %v to %v", header, got, want.least, want.most)
		}
	}
}
