package timeline

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/check"
	"github.com/rollcall-edge/rollcall/test/outage/history"
)

// The page shows every fault, card and watermark, loads nothing from anywhere, and lets nothing of what it shows be markup.
func TestWrite(t *testing.T) {
	began := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	h := &history.History{
		Seed: 42, Commit: "abc", Began: began, Mended: began.Add(30 * time.Second),
		Programs:      map[string][]history.Life{"library": {{Span: history.Span{From: began, To: began.Add(5 * time.Second)}}}, "central": nil},
		Faults:        []history.Fault{{Kind: 1, Name: "kill -9 of the leader", Target: "library", On: began.Add(5 * time.Second), Off: began.Add(6 * time.Second), Proof: "<script>", Bit: true}},
		Presentations: []history.Presentation{{Point: "LIB-1/door", Gateway: "library", Placed: began.Add(time.Second), Light: history.Green}},
		Samples: []history.Sample{
			{At: began, Gateways: map[string]history.Progress{"library": {Durable: 5, Acknowledged: 2}}, Central: map[string]uint64{"a": 2}},
			{At: began.Add(10 * time.Second), Gateways: map[string]history.Progress{"library": {Durable: 10, Acknowledged: 10}}, Central: map[string]uint64{"a": 10}},
		},
	}
	var page strings.Builder
	if err := Write(&page, h, []check.Result{{Invariant: 3, Promise: "no gaps", Count: 1, Violations: []string{"a gap"}}}, []string{"too few people"}); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{
		"seed 42", "I3: no gaps: 1 violations", "a gap", "void: too few people",
		`<rect class="fault" x="40" y="0" width="8"`, `<circle class="green" cx="8" cy="21" r="3">`,
		`<polyline class="durable" points="0,77 80,32 "/>`, `<polyline class="acknowledged" points="0,104 80,32 "/>`, "1 kill -9 of the leader: &lt;script&gt;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, outside := range []string{"http:", "https:", "src=", "<script"} {
		if strings.Contains(text, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	d := xml.NewDecoder(strings.NewReader(text[strings.Index(text, "<svg"):strings.Index(text, "</div>")]))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil && !strings.Contains(err.Error(), "unexpected EOF") {
			t.Fatalf("the drawing is no markup: %v", err)
		}
	}
}
