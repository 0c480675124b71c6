package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const hello = "020101"

// Both versions of a program that meet during an upgrade must agree on these bytes for ever.
var golden = []struct {
	name, hex string
	rec       Record
}{
	{"advert", "0c 02 01 c5 c0ffee010203 020106", Record{Type: AdvertType, Advert: Advert{Random: true, RSSI: -59, Addr: [6]byte{0xc0, 0xff, 0xee, 1, 2, 3}, Len: 3, Data: [31]byte{2, 1, 6}}}},
	{"advert without data", "09 02 00 7f 001122334455", Record{Type: AdvertType, Advert: Advert{RSSI: 127, Addr: [6]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55}}}},
	{"status", "15 03 0000000000000007 0000000000000102 000003e8", Record{Type: StatusType, Status: Status{Dropped: 7, Malformed: 258, RoundTrip: 1000}}},
	{"trouble", "06 04 01 6e6f6e65", Record{Type: TroubleType, Trouble: Trouble{Reason: NoAdapter, Detail: "none"}}},
	{"trouble without words", "02 04 0b", Record{Type: TroubleType, Trouble: Trouble{Reason: Lost}}},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(b []byte, rec *Record) []byte {
	switch rec.Type {
	case AdvertType:
		return AppendAdvert(b, &rec.Advert)
	case StatusType:
		return AppendStatus(b, rec.Status)
	case TroubleType:
		return AppendTrouble(b, rec.Trouble)
	}
	return b
}

func TestGoldenRecords(t *testing.T) {
	if got := AppendHello(nil); !bytes.Equal(got, unhex(t, hello)) {
		t.Errorf("hello = %x, want %s", got, hello)
	}
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			want := unhex(t, g.hex)
			if got := encode(nil, &g.rec); !bytes.Equal(got, want) {
				t.Errorf("encoded %x, want %x", got, want)
			}
			var got Record
			if err := NewReader(bytes.NewReader(append(unhex(t, hello), want...))).Next(&got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got, g.rec); d != "" {
				t.Errorf("decoded (-got +want):\n%s", d)
			}
		})
	}
}

func TestStreamInSingleOctets(t *testing.T) {
	stream := unhex(t, hello)
	for _, g := range golden {
		stream = append(stream, unhex(t, g.hex)...)
	}
	r := NewReader(iotest.OneByteReader(bytes.NewReader(stream)))
	for _, g := range golden {
		var got Record
		if err := r.Next(&got); err != nil || got.Type != g.rec.Type {
			t.Fatalf("%s: type %d, %v", g.name, got.Type, err)
		}
	}
	if err := r.Next(new(Record)); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         error
	}{
		{"nothing", "", io.EOF},
		{"no hello", "06 04 01 6e6f6e65", ErrVersion},
		{"hello of the future", "02 01 02", ErrVersion},
		{"hello with a tail", "03 01 01 00", ErrVersion},
		{"hello cut", "02 01", io.ErrUnexpectedEOF},
		{"an HTTP client", "474554202f20485454502f312e31", io.ErrUnexpectedEOF},
		{"length zero", hello + "00", ErrRecord},
		{"length too great", hello + "cb", ErrRecord},
		{"length at most, cut", hello + "ca04", io.ErrUnexpectedEOF},
		{"length alone", hello + "05", io.ErrUnexpectedEOF},
		{"second hello", hello + hello, ErrRecord},
		{"unknown type", hello + "0105", ErrRecord},
		{"advert too short", hello + "08 02 00 7f 0011223344", ErrRecord},
		{"advert too long", hello + "29 02 00 7f 001122334455" + strings.Repeat("00", 32), ErrRecord},
		{"advert with a flag of 2", hello + "09 02 02 7f 001122334455", ErrRecord},
		{"status too short", hello + "14 03" + strings.Repeat("00", 19), ErrRecord},
		{"status too long", hello + "16 03" + strings.Repeat("00", 21), ErrRecord},
		{"trouble without reason", hello + "01 04", ErrRecord},
		{"trouble of reason 0", hello + "02 04 00", ErrRecord},
		{"trouble of an unknown reason", hello + "02 04 0d", ErrRecord},
		{"trouble in Latin-1", hello + "03 04 01 e9", ErrRecord},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := NewReader(bytes.NewReader(unhex(t, c.stream))).Next(new(Record)); !errors.Is(err, c.want) {
				t.Errorf("Next = %v, want %v", err, c.want)
			}
		})
	}
}

func TestLongDetailIsCutToText(t *testing.T) {
	b := AppendHello(nil)
	b = AppendTrouble(b, Trouble{Reason: Busy, Detail: strings.Repeat("é", MaxDetail)[1:]})
	var rec Record
	if err := NewReader(bytes.NewReader(b)).Next(&rec); err != nil {
		t.Fatal(err)
	}
	// The first octet was half a letter, and so was the last that fitted.
	if want := strings.Repeat("é", MaxDetail/2-1); rec.Trouble.Detail != want {
		t.Errorf("detail = %q, want %q", rec.Trouble.Detail, want)
	}
}

func TestReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Reasons() {
		if name := r.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		}
		seen[r.String()] = true
	}
	if got := Reason(250).String(); got != "unknown" {
		t.Errorf("Reason(250) = %q", got)
	}
}

// FuzzRead checks that every stream ends in an error without panic, and that what was read encodes to the bytes read.
func FuzzRead(f *testing.F) {
	for _, g := range golden {
		f.Add(unhex(f, g.hex))
	}
	f.Fuzz(func(t *testing.T, tail []byte) {
		stream := append(AppendHello(nil), tail...)
		r := NewReader(bytes.NewReader(stream))
		again := AppendHello(nil)
		var rec Record
		for r.Next(&rec) == nil {
			again = encode(again, &rec)
			if !bytes.HasPrefix(stream, again) {
				t.Fatalf("encoded again %x from %x", again, stream)
			}
		}
	})
}

func BenchmarkAdvertThereAndBack(b *testing.B) {
	one := encode(nil, &golden[0].rec)
	stream := io.MultiReader(bytes.NewReader(AppendHello(nil)), &endless{record: one})
	r := NewReader(stream)
	var rec Record
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Next(&rec); err != nil {
			b.Fatal(err)
		}
	}
}

// endless repeats one record for ever.
type endless struct {
	record []byte
	at     int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.record[e.at]
		e.at = (e.at + 1) % len(e.record)
	}
	return len(p), nil
}
