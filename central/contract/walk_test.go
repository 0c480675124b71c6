package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// walked has a member of every shape.
type walked struct {
	Plain  string
	Number int                    `json:"number,omitempty"`
	Inner  *StreamState           `json:"inner"`
	List   []StreamState          `json:"list"`
	Named  map[string]StreamState `json:"named"`
	At     time.Time              `json:"at"`
	Any    any                    `json:"any"`
	//lint:ignore U1000 it is here to be passed over
	hidden int
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name, document string
		want           error
		place          string
	}{
		{"every shape", `{"Plain":"\"}","number":-1.5e1,"inner":{"own":true},"list":[{"durable":1},{}],"named":{"a":{},"b":null},"at":"2026-10-05T09:00:00Z","any":[{"x":[]},null]}`, nil, ""},
		{"space everywhere", " {\t\"number\" :\r\n[ ] , \"list\" : [ { } , { } ] } ", nil, ""},
		{"escaped key", `{"\u0050lain":""}`, nil, ""},
		{"escaped key again", `{"\u0050lain":"","Plain":""}`, ErrDuplicateKey, "$.Plain"},
		{"null for a list", `{"list":null}`, nil, ""},
		{"twice in an element", `{"list":[{},{"own":true,"own":true}]}`, ErrDuplicateKey, "$.list[1].own"},
		{"twice in a map", `{"named":{"a":{},"a":{}}}`, ErrDuplicateKey, "$.named.a"},
		{"twice where any shape will do", `{"any":{"deep":[{"k":1,"k":2}]}}`, ErrDuplicateKey, "$.any.deep[0].k"},
		{"unknown behind a pointer", `{"inner":{"Own":true}}`, ErrUnknownField, "$.inner.Own"},
		{"unknown in a map's value", `{"named":{"a":{"x":1}}}`, ErrUnknownField, "$.named.a.x"},
		{"not exported", `{"hidden":1}`, ErrUnknownField, "$.hidden"},
		{"no value", `{"number":}`, ErrSyntax, "$.number"},
		{"no key", `{1:2}`, ErrSyntax, "$"},
		{"no colon", `{"number" 1}`, ErrSyntax, "octet 10"},
		{"comma at the end", `{"list":[{},]}`, ErrSyntax, "$.list[1]"},
		{"wrong bracket", `{"list":[{}}`, ErrSyntax, "$.list"},
		{"cut in a string", `{"Plain":"abc\`, ErrSyntax, "it ends there"},
		{"cut in a list", `{"list":[{}`, ErrSyntax, "$.list"},
		{"nested for ever", strings.Repeat("[", 1<<20), ErrSyntax, "octet 10000"},
		{"nested for ever in objects", strings.Repeat(`{"any":`, 1<<16), ErrSyntax, "octet 70000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := walk{document: []byte(test.document)}
			f := w.value(reflect.TypeFor[*walked]())
			if (f == nil) != (test.want == nil) || f != nil && !errors.Is(f.err, test.want) {
				t.Fatalf("value = %+v, want %v", f, test.want)
			}
			if f != nil && !strings.Contains("$"+f.place+f.detail, test.place) {
				t.Errorf("fault at $%s%s, want %s", f.place, f.detail, test.place)
			}
		})
	}
}

// BenchmarkDecodeTimetable is what a gateway does with each new timetable and at every start: 5,000 people, 4,480 sessions.
func BenchmarkDecodeTimetable(b *testing.B) {
	t := Timetable{Version: 1, Building: "campus", MadeAt: time.Unix(0, 0).UTC(), ValidUntil: time.Unix(1e6, 0).UTC(), Lists: make([]List, 600)}
	for i := range 5_000 {
		t.Holders = append(t.Holders, Holder{Digests: []Digest{DigestOf([]byte("campus"), fmt.Sprint(i))}})
		for l := range 12 {
			list := &t.Lists[(i+50*l)%len(t.Lists)]
			list.Holders = append(list.Holders, uint32(i))
		}
	}
	for i := range 4_480 {
		start := t.MadeAt.Add(time.Duration(i) * time.Minute)
		t.Sessions = append(t.Sessions, Session{ID: fmt.Sprintf("event-%d", i), Rooms: []string{"R-001"}, StartsAt: start, EndsAt: start.Add(time.Hour), OpensAt: start, ClosesAt: start.Add(time.Hour), List: uint32(i % 600)})
	}
	document, err := json.Marshal(t)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (SignedTimetable{Document: document}).Decode(); err != nil {
			b.Fatal(err)
		}
	}
}
