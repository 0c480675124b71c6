package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// wellFormed reads a drawing as XML and counts its elements.
func wellFormed(t *testing.T, svg string) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			counts[e.Name.Local]++
			for _, a := range e.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("attribute %s, which the pages' policy forbids", a.Name.Local)
				}
			}
		}
	}
}

func TestLine(t *testing.T) {
	l := Line{Title: `A & "B"`, Description: "<i>", Low: 700, High: 1000, Width: 700, Height: 250, Thresholds: []Threshold{{"90 first", 900, "l1"}}, Points: []Point{
		{Label: "W1", Value: 900, Text: "90.0%", Href: "/registers?week=2026-10-05&x=<"}, {Label: "W2", Value: -1, Text: "–"}, {Label: "W3", Value: 650, Text: "65.0%"}, {Label: "<W4>", Value: 800, Text: "80.0%"},
	}}
	svg := string(l.SVG("trend"))
	counts := wellFormed(t, svg)
	// Two runs around the gap, each with an area and a line; three points and the mark of the last.
	if counts["path"] != 4 || counts["circle"] != 4 || counts["a"] != 1 {
		t.Errorf("paths, circles, links = %d, %d, %d, want 4, 4, 1", counts["path"], counts["circle"], counts["a"])
	}
	// 90 % lies a third of the way down 204 units of plot below 16: 16 + 204/3 = 84. Values under Low stay at its edge: 220.
	for _, want := range []string{`cx="46.0" cy="84.0"`, `cy="220.0"`, `role="img"`, `aria-labelledby="trend-t trend-d"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing has no %s", want)
		}
	}
}

func TestLineOfNothing(t *testing.T) {
	for _, points := range [][]Point{nil, {{Label: "W1", Value: -1}}, {{Label: "W1", Value: 500, Text: "50.0%"}}} {
		wellFormed(t, string(Line{Points: points, Low: 400, High: 1000, Width: 300, Height: 200}.SVG("x")))
	}
	wellFormed(t, string(Line{Points: []Point{{Value: 5}}, Low: 1000, High: 1000, Width: 300, Height: 200}.SVG("x")))
}

func TestBars(t *testing.T) {
	svg := string(Bars{Low: 500, Warn: 850, Danger: 800, Width: 462, LabelWidth: 100, RowHeight: 30, Points: []Point{
		{Label: "Law & order", Value: 750, Text: "75.0%", Href: "/x"}, {Label: "History", Value: 849, Text: "84.9%"}, {Label: "Art", Value: 1000, Text: "100.0%"}, {Label: "Low", Value: 10, Text: "1.0%"},
	}}.SVG("bars"))
	if counts := wellFormed(t, svg); counts["rect"] != 8 || counts["a"] != 1 {
		t.Errorf("drawing has %v, want 8 rectangles and 1 link", counts)
	}
	// 300 units of width stand for 50 % to 100 %.
	for _, want := range []string{`class="bar danger" x="100" y="13.0" width="150.0"`, `class="bar warn" x="100" y="43.0" width="209.4"`, `class="bar fine" x="100" y="73.0" width="300.0"`, `class="bar danger" x="100" y="103.0" width="0.0"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing has no %s\n%s", want, svg)
		}
	}
}

func TestSpark(t *testing.T) {
	svg := string(Spark([]Point{{Value: -1, Text: "none"}, {Value: 499, Text: "49.9%"}, {Value: 849, Text: "84.9%"}, {Value: 850, Text: "85.0%"}}))
	wellFormed(t, svg)
	for _, want := range []string{`class="none"`, `class="bad"`, `class="mid"`, `class="ok"`, "oldest first: none, 49.9%, 84.9%, 85.0%"} {
		if strings.Count(svg, want) != 1 {
			t.Errorf("the drawing has %d of %s, want one", strings.Count(svg, want), want)
		}
	}
	wellFormed(t, string(Spark(nil)))
}
