package contract

import (
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write golden bytes of the newest version; never for one that was released")

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func examples() map[string]Record {
	stamp := Stamp{
		At: at("2026-10-05T08:30:00.123456789Z"), Boot: Boot{0: 0xb0, 15: 0x07}, Uptime: 90 * time.Minute,
		Quality: Synchronised, Within: 38 * time.Millisecond,
	}
	id := TapID{Stream: Stream{1, 2, 3, 4, 5, 6, 7, 8}, Seq: 42}
	salt := Salt{0: 0x5a, 15: 0x17}
	return map[string]Record{
		"tap-v2": {ID: id, Stamp: stamp, Salt: salt, Tap: &Tap{
			Point: "LIB-0.01/door", Digest: Digest{0: 0xd1, 31: 0x9e}, Evidence: EvidenceCard,
			Outcome: Accepted, Session: "LAW101-2026-10-05", Timetable: 1842,
		}},
		"heartbeat-v2": {ID: id, Stamp: stamp, Salt: salt, Heartbeat: &Heartbeat{
			Since: at("2026-10-05T08:29:00Z"), Points: []PointState{{"LIB-0.01/door", true}, {"LIB-0.02/door", false}},
		}},
		"anchor-v2": {ID: id, Stamp: stamp, Salt: salt, Anchor: &Anchor{
			Boot: Boot{0: 0xb0, 15: 0x07}, Uptime: time.Minute, At: at("2026-10-05T07:01:00Z"), Within: 12 * time.Millisecond,
		}},
		"tap-v1": {ID: id, Stamp: stamp, Tap: &Tap{
			Point: "LIB-0.01/door", Digest: Digest{0: 0xd1, 31: 0x9e}, Evidence: EvidenceCard,
			Outcome: Accepted, Session: "LAW101-2026-10-05", Timetable: 1842,
		}},
		"tap-refused-v1": {ID: id, Stamp: stamp, Tap: &Tap{
			Point: "p", Evidence: EvidenceCard, Outcome: Refused, Reason: SeveralCards,
		}},
		"tap-code-v1": {ID: id, Stamp: stamp, Tap: &Tap{
			Point: "q", Digest: Digest{0: 0xc0, 31: 0xde}, Evidence: EvidenceCode, Outcome: Unjudged, Reason: NoTimetable,
		}},
		"heartbeat-v1": {ID: id, Stamp: stamp, Heartbeat: &Heartbeat{
			Since: at("2026-10-05T08:29:00Z"), Points: []PointState{{"LIB-0.01/door", true}, {"LIB-0.02/door", false}},
		}},
		"anchor-v1": {ID: id, Stamp: stamp, Anchor: &Anchor{
			Boot: Boot{0: 0xb0, 15: 0x07}, Uptime: time.Minute, At: at("2026-10-05T07:01:00Z"), Within: 12 * time.Millisecond,
		}},
	}
}

// The golden bytes of every version that was ever released must be read for ever, and the newest version must still be
// written the same way.
func TestGoldenRecords(t *testing.T) {
	for name, record := range examples() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".hex")
			encoded, err := AppendRecord(nil, record)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(path, []byte(hex.Dump(encoded)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden := readDump(t, path)
			if diff := cmp.Diff(golden, encoded); diff != "" {
				t.Errorf("encoding changed (-golden +got):\n%s", diff)
			}
			got, err := DecodeRecord(golden)
			if err != nil {
				t.Fatalf("decode golden bytes: %v", err)
			}
			if diff := cmp.Diff(record, got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func readDump(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for line := range strings.Lines(string(text)) {
		columns, _, _ := strings.Cut(line, "|")
		fields := strings.Fields(columns)
		for _, f := range fields[min(1, len(fields)):] {
			octet, err := hex.DecodeString(f)
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, octet...)
		}
	}
	return b
}

// The layout that the comment of AppendRecord promises, taken apart by hand.
func TestRecordLayout(t *testing.T) {
	b, err := AppendRecord(nil, examples()["tap-v2"])
	if err != nil {
		t.Fatal(err)
	}
	parts := []struct {
		name     string
		from, to int
		want     string
	}{
		{"version", 0, 1, "02"},
		{"kind", 1, 2, "01"},
		{"stream", 2, 10, "0102030405060708"},
		{"seq", 10, 18, "000000000000002a"},
		{"wall ns", 18, 26, "18db94e7cdf21d15"}, // 1791189000 s and 123456789 ns
		{"boot", 26, 42, "b0000000000000000000000000000007"},
		{"uptime ns", 42, 50, "000004e94914f000"}, // 5400 s
		{"quality", 50, 51, "01"},
		{"within ms", 51, 55, "00000026"},
		{"point length", 55, 56, "0d"},
		{"salt", len(b) - 20, len(b) - 4, "5a000000000000000000000000000017"},
	}
	for _, p := range parts {
		if got := hex.EncodeToString(b[p.from:p.to]); got != p.want {
			t.Errorf("%s = %s, want %s", p.name, got, p.want)
		}
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	for name, record := range examples() {
		encoded, err := AppendRecord(nil, record)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range len(encoded) * 8 {
			damaged := append([]byte(nil), encoded...)
			damaged[bit/8] ^= 1 << (bit % 8)
			if _, err := DecodeRecord(damaged); err == nil {
				t.Fatalf("%s with bit %d flipped was accepted", name, bit)
			}
		}
		for size := range encoded {
			if _, err := DecodeRecord(encoded[:size]); err == nil {
				t.Fatalf("%s cut to %d octets was accepted", name, size)
			}
		}
	}
}

func TestRefusedRecords(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Record)
	}{
		{"no stream", func(r *Record) { r.ID.Stream = Stream{} }},
		{"number 0", func(r *Record) { r.ID.Seq = 0 }},
		{"no body", func(r *Record) { r.Tap = nil }},
		{"two bodies", func(r *Record) { r.Anchor = examples()["anchor-v1"].Anchor }},
		{"no point", func(r *Record) { r.Tap.Point = "" }},
		{"point too long", func(r *Record) { r.Tap.Point = strings.Repeat("p", MaxID+1) }},
		{"point with a line break", func(r *Record) { r.Tap.Point = "a\nb" }},
		{"point not UTF-8", func(r *Record) { r.Tap.Point = "\xff" }},
		{"unknown outcome", func(r *Record) { r.Tap.Outcome = 9 }},
		{"no evidence", func(r *Record) { r.Tap.Evidence = 0 }},
		{"evidence of a later release", func(r *Record) { r.Tap.Evidence = 8 }},
		{"unknown clock quality", func(r *Record) { r.Stamp.Quality = 4 }},
		{"clock error with microseconds", func(r *Record) { r.Stamp.Within = time.Microsecond }},
		{"year 2500", func(r *Record) { r.Stamp.At = at("2500-01-01T00:00:00Z") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := examples()["tap-v1"]
			tt.change(&r)
			if _, err := AppendRecord(nil, r); !errors.Is(err, ErrRecordField) {
				t.Errorf("AppendRecord = %v, want ErrRecordField", err)
			}
		})
	}
}

func TestDecodeIsInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		b, err := AppendRecord(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > MaxRecord {
			t.Fatalf("record of %d octets, more than MaxRecord", len(b))
		}
		got, err := DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func drawRecord(t *rapid.T) Record {
	id := rapid.StringMatching(`[A-Za-z0-9/._-]{1,64}`)
	when := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 9e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	within := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Uint32().Draw(t, "ms")) * time.Millisecond
	})
	r := Record{
		ID: TapID{Stream: Stream{0: 1, 7: rapid.Byte().Draw(t, "stream")}, Seq: rapid.Uint64Min(1).Draw(t, "seq")},
		Stamp: Stamp{
			At: when.Draw(t, "at"), Uptime: time.Duration(rapid.Int64Min(0).Draw(t, "uptime")),
			Quality: Quality(rapid.IntRange(1, 3).Draw(t, "quality")), Within: within.Draw(t, "within"),
		},
	}
	if rapid.Bool().Draw(t, "salted") {
		r.Salt = Salt{15: rapid.ByteMin(1).Draw(t, "salt")}
	}
	switch rapid.IntRange(1, 3).Draw(t, "kind") {
	case kindTap:
		r.Tap = &Tap{
			Point: id.Draw(t, "point"), Evidence: Evidence(rapid.IntRange(1, 7).Draw(t, "evidence")),
			Outcome: Outcome(rapid.IntRange(1, 4).Draw(t, "outcome")), Reason: Reason(rapid.IntRange(0, 7).Draw(t, "reason")),
			Timetable: rapid.Uint64().Draw(t, "timetable"),
		}
		if rapid.Bool().Draw(t, "credited") {
			r.Tap.Session = id.Draw(t, "session")
		}
	case kindHeartbeat:
		r.Heartbeat = &Heartbeat{Since: when.Draw(t, "since")}
		for range rapid.IntRange(0, maxPoints).Draw(t, "points") {
			r.Heartbeat.Points = append(r.Heartbeat.Points, PointState{id.Draw(t, "point"), rapid.Bool().Draw(t, "up")})
		}
	default:
		r.Anchor = &Anchor{Uptime: time.Duration(rapid.Int64Min(0).Draw(t, "uptime")), At: when.Draw(t, "at"), Within: within.Draw(t, "within")}
	}
	return r
}

func FuzzDecodeRecord(f *testing.F) {
	for _, record := range examples() {
		b, err := AppendRecord(nil, record)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		again, err := AppendRecord(nil, r)
		if err != nil {
			t.Fatalf("a decoded record does not encode: %v", err)
		}
		if diff := cmp.Diff(b, again); diff != "" {
			t.Fatalf("encode(decode(b)) differs from b:\n%s", diff)
		}
	})
}
