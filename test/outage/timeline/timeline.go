// Package timeline draws the history of a run as one page that needs nothing else: faults, what people saw at each door, and how
// far each gateway's journal, the cluster and central had come, over time. It judges nothing.
package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/check"
	"github.com/rollcall-edge/rollcall/test/outage/history"
)

//go:embed timeline.html
var page string

var layout = template.Must(template.New("timeline").Parse(page))

// The measures of the drawing, in pixels.
const (
	perSecond = 8
	row       = 14
	plot      = 90
)

// bar is a time on a row.
type bar struct {
	X, Y, Width int
	Class       string
	Title       string
}

// label is the name of a row.
type label struct {
	Y    int
	Text string
}

// line is one watermark.
type line struct{ Class, Points string }

// band is one gateway, or central.
type band struct {
	Name   string
	Height int
	PlotY  int
	Rows   []label
	Bars   []bar
	Dots   []bar
	Lines  []line
}

type drawing struct {
	Seed    uint64
	Commit  string
	Began   string
	Width   int
	Seconds []bar
	Bands   []band
	Results []check.Result
	Void    []string
}

// Write draws a history with what came of it.
func Write(w io.Writer, h *history.History, results []check.Result, void []string) error {
	d := drawing{Seed: h.Seed, Commit: h.Commit, Began: h.Began.UTC().Format(time.RFC3339), Results: results, Void: void}
	end := h.Mended
	for _, s := range h.Samples {
		if s.At.After(end) {
			end = s.At
		}
	}
	d.Width = 140 + int(end.Sub(h.Began).Seconds()*perSecond)
	for s := 0; s*perSecond < d.Width-140; s += 10 {
		d.Seconds = append(d.Seconds, bar{X: s * perSecond, Title: fmt.Sprint(s)})
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(h.Programs)), func(n string) bool { return n == "central" })
	for _, name := range append(names, "central") {
		d.Bands = append(d.Bands, draw(h, name))
	}
	if err := layout.Execute(w, d); err != nil {
		return fmt.Errorf("draw timeline: %w", err)
	}
	return nil
}

// draw is the band of one machine: its faults, its doors, its watermarks.
func draw(h *history.History, name string) band {
	b := band{Name: name}
	x := func(t time.Time) int { return int(t.Sub(h.Began).Seconds() * perSecond) }
	for _, f := range h.Faults {
		if f.Target != name && (f.Target != "all" || name == "central") {
			continue
		}
		class := "fault"
		if !f.Bit {
			class = "nobite"
		}
		b.Bars = append(b.Bars, bar{x(f.On), len(b.Rows) * row, max(2, x(f.Off)-x(f.On)), class, fmt.Sprintf("%d %s: %s", f.Kind, f.Name, f.Proof)})
		b.name(fmt.Sprintf("%d %s", f.Kind, f.Name))
	}
	for _, l := range h.Programs[name] {
		if !l.To.IsZero() {
			b.Bars = append(b.Bars, bar{x(l.To), 0, 2, "end", "the program ended"})
		}
	}
	b.doors(h, x)
	b.PlotY = len(b.Rows)*row + 4
	b.watermarks(h, x)
	b.Height = b.PlotY + plot + 16
	return b
}

// name begins a row.
func (b *band) name(text string) {
	b.Rows = append(b.Rows, label{len(b.Rows)*row + row - 4, text})
}

// doors are one row for each, with a dot for each card.
func (b *band) doors(h *history.History, x func(time.Time) int) {
	rows := map[string]int{}
	for i := range h.Presentations {
		p := &h.Presentations[i]
		if p.Gateway != b.Name {
			continue
		}
		if _, known := rows[p.Point]; !known {
			rows[p.Point] = len(b.Rows)
			b.name(p.Point)
		}
		title := fmt.Sprintf("%s at %s, %s after %v", p.Placed.UTC().Format("15:04:05.000"), p.Point, p.Light, p.After())
		b.Dots = append(b.Dots, bar{x(p.Placed), rows[p.Point]*row + row/2, 0, string(p.Light), title})
	}
}

// watermarks are durable, replicated and acknowledged of the gateway's own stream; at central the sum of all streams.
func (b *band) watermarks(h *history.History, x func(time.Time) int) {
	kinds := []struct {
		class string
		of    func(history.Sample) (uint64, bool)
	}{
		{"durable", func(s history.Sample) (uint64, bool) { g, ok := s.Gateways[b.Name]; return g.Durable, ok }},
		{"replicated", func(s history.Sample) (uint64, bool) { g, ok := s.Gateways[b.Name]; return g.Replicated, ok }},
		{"acknowledged", func(s history.Sample) (uint64, bool) { g, ok := s.Gateways[b.Name]; return g.Acknowledged, ok }},
	}
	if b.Name == "central" {
		kinds = kinds[:1]
		kinds[0].of = func(s history.Sample) (sum uint64, ok bool) {
			for _, n := range s.Central {
				sum += n
			}
			return sum, s.Central != nil
		}
	}
	var top uint64 = 1
	for _, k := range kinds {
		for _, s := range h.Samples {
			if n, ok := k.of(s); ok {
				top = max(top, n)
			}
		}
	}
	for _, k := range kinds {
		l := line{Class: k.class}
		for _, s := range h.Samples {
			if n, ok := k.of(s); ok {
				l.Points += fmt.Sprintf("%d,%d ", x(s.At), b.PlotY+plot-int(n*plot/top))
			}
		}
		b.Lines = append(b.Lines, l)
	}
}
