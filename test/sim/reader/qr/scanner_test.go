package qr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

const ms = time.Millisecond

var start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

// lines holds codes to a scanner and returns what it sends until they are gone, and when.
func lines(t *testing.T, o qr.Options, codes ...string) (sent []string, at []time.Duration) {
	t.Helper()
	d, err := qr.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var p solo.Placement
	for i, c := range codes {
		p.Cards = append(p.Cards, solo.Card{Token: uint64(i + 1), Card: card.FromCode(c)})
	}
	if err := d.Place(start, p); err != nil {
		t.Fatal(err)
	}
	for now, ok := d.Next(); ok; now, ok = d.Next() {
		d.Tick(now)
		for _, f := range d.Frames() {
			sent, at = append(sent, string(f.Octets)), append(at, now.Sub(start))
		}
	}
	return sent, at
}

func TestLines(t *testing.T) {
	tests := []struct {
		name    string
		options qr.Options
		codes   []string
		want    []string
		at      []time.Duration
	}{
		{"plain", qr.Options{}, []string{"HTTPS://EXAMPLE.ORG/C#abc"}, []string{"HTTPS://EXAMPLE.ORG/C#abc\r"}, []time.Duration{40 * ms}},
		// AIM identifier of a QR code in front of the data, ISO/IEC 15424.
		{"with everything", qr.Options{Prefix: "\x02", AIM: qr.QRCode, End: "\r\n"}, []string{"abc"}, []string{"\x02]Q1abc\r\n"}, []time.Duration{40 * ms}},
		{"held", qr.Options{Repeat: 150 * ms}, []string{"a"}, []string{"a\r", "a\r", "a\r"}, []time.Duration{40 * ms, 190 * ms, 340 * ms}},
		{"two on one page", qr.Options{}, []string{"a", "b"}, []string{"a\r", "b\r"}, []time.Duration{40 * ms, 80 * ms}},
		{"gone before it could be read", qr.Options{Dwell: 30 * ms}, []string{"a"}, nil, nil},
		{"long", qr.Options{}, []string{strings.Repeat("x", 4096)}, []string{strings.Repeat("x", 4096) + "\r"}, []time.Duration{40 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent, at := lines(t, tt.options, tt.codes...)
			if diff := cmp.Diff(sent, tt.want); diff != "" {
				t.Errorf("lines (-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(at, tt.at); diff != "" {
				t.Errorf("times (-got +want):\n%s", diff)
			}
		})
	}
}

func TestScannersReadNoCards(t *testing.T) {
	d, err := qr.New(qr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := solo.Placement{Cards: []solo.Card{{Token: 1, Card: card.W26(1, 1)}}}
	if err := d.Place(start, p); !errors.Is(err, ascii.ErrCard) {
		t.Errorf("Place = %v, want ErrCard", err)
	}
	if d.HasLight() {
		t.Error("HasLight = true without feedback")
	}
}

func TestFeedback(t *testing.T) {
	d, err := qr.New(qr.Options{Feedback: []ascii.Feedback{{Text: "\x1b[G", Light: lamp.Green, For: time.Second, Beeps: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	d.Hear(start, []byte("\x1b[G"))
	want := []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.Green}, {At: start, Kind: solo.Beeped, Count: 1}}
	if diff := cmp.Diff(d.Events(), want); diff != "" {
		t.Errorf("events (-got +want):\n%s", diff)
	}
	if _, err := qr.New(qr.Options{Feedback: []ascii.Feedback{{}}}); !errors.Is(err, ascii.ErrFeedback) {
		t.Errorf("New = %v, want ErrFeedback", err)
	}
}
