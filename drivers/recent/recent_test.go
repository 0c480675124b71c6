package recent_test

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/recent"
)

const ms = time.Millisecond

func TestSummary(t *testing.T) {
	tests := []struct {
		name string
		add  func(*recent.Window)
		want recent.Summary
	}{
		{"empty", func(*recent.Window) {}, recent.Summary{}},
		{"one", func(w *recent.Window) { w.Add(7 * ms) }, recent.Summary{Median: 7 * ms, P99: 7 * ms, Of: 1}},
		{"out of order", func(w *recent.Window) {
			for _, d := range []time.Duration{9, 1, 5, 3} {
				w.Add(d * ms)
			}
		}, recent.Summary{Median: 3 * ms, P99: 9 * ms, Of: 4}},
		{"one to two hundred", func(w *recent.Window) {
			for d := range time.Duration(200) {
				w.Add((d + 1) * ms)
			}
		}, recent.Summary{Median: 100 * ms, P99: 198 * ms, Of: 200}},
		{"the oldest is forgotten", func(w *recent.Window) {
			w.Add(time.Hour)
			for range 256 {
				w.Add(2 * ms)
			}
		}, recent.Summary{Median: 2 * ms, P99: 2 * ms, Of: 256}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w recent.Window
			tt.add(&w)
			if got := w.Summary(); got != tt.want {
				t.Errorf("Summary = %+v, want %+v", got, tt.want)
			}
		})
	}
}
