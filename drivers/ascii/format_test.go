package ascii

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/textline"
)

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

func TestKey(t *testing.T) {
	uid4 := Format{End: []byte("\r"), Digits: Decimal, Octets: 4}
	uid4back := uid4
	uid4back.Order = credential.Reversed
	em := Format{End: []byte("\r"), Digits: Decimal, Octets: 5, Medium: EM4100}
	wec37 := WEC200()
	wec37.Parts.Bits = 37
	wec01 := Format{Start: []byte{0x02}, End: []byte("\t\r"), Medium: Wiegand, Parts: Parts{Facility: "FC", Card: "ID", Bits: 26}}
	raw := Format{End: []byte("\r"), Medium: Raw}
	reversed := Generic()
	reversed.Order = credential.Reversed
	for _, tt := range []struct {
		name   string
		format Format
		line   string
		want   string
		err    error
	}{
		{"RDM6300 data sheet", RDM6300(), "010063E9AE25", "em:010063E9AE", nil},
		{"ID-12LA data sheet", RDM6300(), "0C000621A58E", "em:0C000621A5", nil},
		{"RDM6300, check wrong", RDM6300(), "010063E9AE26", "", errCheck},
		{"RDM6300, one digit wrong", RDM6300(), "010063E8AE25", "", errCheck},
		{"RDM6300, too short", RDM6300(), "010063E98B", "", errDigits},
		{"RDM6300, no digits", RDM6300(), "01006GE9AE25", "", errDigits},
		{"RDM6300, odd number of digits", RDM6300(), "010063E9AE2", "", errDigits},
		{"RDM6300, blank tag", RDM6300(), "000000000000", "", credential.ErrBlank},
		{"UID of 7 octets", Generic(), "04A2B3C4D5E680", "uid:04A2B3C4D5E680", nil},
		{"UID in small letters", Generic(), "deadbeef", "uid:DEADBEEF", nil},
		{"UID reversed", reversed, "80E6D5C4B3A204", "uid:04A2B3C4D5E680", nil},
		{"UID of 5 octets", Generic(), "0102030405", "", credential.ErrLength},
		{"random UID", Generic(), "08112233", "", credential.ErrRandom},
		{"decimal UID", uid4, "3735928559", "uid:DEADBEEF", nil},
		{"decimal UID with leading zeros", uid4, "0000000258", "uid:00000102", nil},
		{"decimal UID, last octet first", uid4back, "4022250974", "uid:DEADBEEF", nil},             // EFBEADDE
		{"decimal random UID, last octet first", uid4back, "0570491656", "", credential.ErrRandom}, // 22010308
		{"decimal too large", uid4, "4294967296", "", errDigits},
		{"decimal with a sign", uid4, "-1", "", errDigits},
		{"decimal EM4100", em, "4301515182", "em:010063E9AE", nil},
		{"ID-12LA data sheet, its own preset", ID12LA(), "0C000621A58E", "em:0C000621A5", nil},
		{"WEC200 manual, appendix C", WEC200(), "WFC177ID25111", "w26:177:25111", nil},
		{"WEC200, leading zeros", WEC200(), "WFC007ID00042", "w26:7:42", nil},
		{"WEC200, facility with no room", WEC200(), "WFC256ID1", "", credential.ErrRange},
		{"WEC200, card with no room", WEC200(), "WFC1ID65536", "", credential.ErrRange},
		{"WEC200, more digits than any number has", WEC200(), "WFC1ID00000000001", "", errDigits},
		{"WEC200, no card", WEC200(), "WFC177ID", "", errDigits},
		{"WEC200, no facility", WEC200(), "WFCID25111", "", errDigits},
		{"WEC200, two cards", WEC200(), "WFC177ID25111ID2", "", errDigits},
		{"WEC200, not the message of a card", WEC200(), "XFC177ID25111", "", errDigits},
		{"WEC200, raw data", WEC200(), "W04A2B3C4", "", errDigits},
		{"WEC200, a sign", WEC200(), "WFC+1ID25111", "", errDigits},
		{"WEC200, blank card", WEC200(), "WFC0ID0", "", credential.ErrBlank},
		{"WEC200 for cards of 37 bits", wec37, "WFC65535ID524286", "w37:65535:524286", nil},
		{"WEC200-01 by the manual, set up as generic", wec01, "FC177ID25111", "w26:177:25111", nil},
		{"pcProx, UID", PcProx(), "04A2B3C4D5E680", "uid:04A2B3C4D5E680", nil},
		{"pcProx, facility and card", PcProx(), "123:45678", "w26:123:45678", nil},
		{"pcProx, a letter in the card", PcProx(), "123:4567A", "", errDigits},
		{"pcProx, a card number alone", PcProx(), "45678", "", errDigits},
		{"access number", raw, "010203040506", "raw:48:010203040506", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.format.key([]byte(tt.line))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("key = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// What a preset makes of the octets of the line, from the vendors' documents.
func TestPresets(t *testing.T) {
	for _, tt := range []struct {
		name, preset, octets string
		want                 []string // keys, "reply", or the error
	}{
		{"data sheet", "rdm6300", "\x02010063E9AE25\x03", []string{"em:010063E9AE"}},
		{"data sheet", "id12la", "\x020C000621A58E\r\n\x03", []string{"em:0C000621A5"}},
		{"manual, appendix C", "wec200", "\x02WFC177ID25111\r", []string{"w26:177:25111"}},
		{"manual, chapter 6: ACK, NACK, input changed", "wec200", "\x02A\r\x02N\r\x02C\r", []string{"reply", "reply", "reply"}},
		{"a card between answers", "wec200", "\x02A\r\x02WFC177ID25111\r\x02A\r", []string{"reply", "w26:177:25111", "reply"}},
		{"card behind the prompt", "pcprox", "\r\nRF IDeas>04A2B3C4D5E680\r", []string{"uid:04A2B3C4D5E680"}},
		// rfid:qid of the manual's command summary: it holds a number, but as an answer.
		{"the queued card, asked for", "pcprox", "{0x1000,2,0x0000,80;0x000000801DD1910B2F04}\r\nRF IDeas>", []string{"reply"}},
		{"the value of a variable", "pcprox", "\r\n{3}\r\nRF IDeas>", []string{"reply"}},
		{"the echo of a command", "pcprox", "RF IDeas>rfid:out.led=3\r\n", []string{"reply"}},
		{"a fault", "pcprox", "Error#1 Illegal Command. Try \"rfid:help\"\r\n", []string{"reply"}},
		{"UID", "generic", "deadbeef\r\n", []string{"uid:DEADBEEF"}},
	} {
		t.Run(tt.preset+", "+tt.name, func(t *testing.T) {
			f, ok := Preset(tt.preset)
			if !ok {
				t.Fatal("no such preset")
			}
			var got []string
			c := textline.New(f.lines(), time.Millisecond)
			c.Push([]byte(tt.octets), start, func(line []byte) { got = append(got, said(f, line)) })
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
			if n := c.Noise(); n != 0 {
				t.Errorf("%d octets of noise", n)
			}
		})
	}
}

func said(f Format, line []byte) string {
	if f.reply(line) {
		return "reply"
	}
	key, err := f.key(line)
	if err != nil {
		return err.Error()
	}
	return key
}

func TestFormatCheckNamesEveryFault(t *testing.T) {
	err := Format{Digits: Decimal, Check: XOR, Medium: Wiegand}.check()
	if err == nil {
		t.Fatal("check accepts it")
	}
	for _, want := range []string{"no end", "say how many octets", "use none", "what stands between"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	for name, f := range map[string]Format{
		"17 octets":               {End: []byte{3}, Octets: 17},
		"an end within the start": {Start: []byte("ID\r"), End: []byte("\r")},
		"35 bits":                 {End: []byte("\r"), Parts: Parts{Card: ":", Bits: 35}},
	} {
		if f.check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, name := range []string{"rdm6300", "id12la", "wec200", "pcprox", "generic"} {
		f, ok := Preset(name)
		if !ok || f.check() != nil {
			t.Errorf("preset %s: %v, %v", name, ok, f.check())
		}
	}
	if _, ok := Preset("other"); ok {
		t.Error("an unknown preset is found")
	}
}

func FuzzASCII(f *testing.F) {
	f.Add([]byte("\x02010063E9AE25\x03"), uint8(3))
	f.Add([]byte("\x020C000621A58E\r\n\x03"), uint8(1))
	f.Add([]byte("\x02WFC177ID25111\r\x02A\r"), uint8(2))
	f.Add([]byte("RF IDeas>123:45678\r\n{3}\r\nRF IDeas>"), uint8(9))
	f.Add([]byte("DEADBEEF\r\n"), uint8(20))
	f.Add([]byte("ID4294967295\r"), uint8(0))
	formats := []Format{
		RDM6300(), ID12LA(), WEC200(), PcProx(), Generic(),
		{Start: []byte("ID"), End: []byte("\r"), Digits: Decimal, Octets: 4},
		{End: []byte("\n"), Digits: Decimal, Octets: 16, Medium: Raw},
	}
	f.Fuzz(func(t *testing.T, octets []byte, piece uint8) {
		for _, format := range formats {
			c := textline.New(format.lines(), time.Millisecond)
			for rest := octets; len(rest) > 0; {
				n := min(int(piece)+1, len(rest))
				c.Push(rest[:n], start, func(line []byte) {
					key, err := format.key(line)
					if (err == nil) != (key != "") || strings.ContainsAny(key, "\r\n\x02\x03") {
						t.Errorf("key(%q) = %q, %v", line, key, err)
					}
				})
				rest = rest[n:]
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	f := RDM6300()
	c := textline.New(f.lines(), time.Millisecond)
	line := []byte("\x02010063E9AE25\x03")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		c.Push(line, start, func(text []byte) {
			if _, err := f.key(text); err == nil {
				found++
			}
		})
	}
	if found != b.N {
		b.Fatalf("%d cards in %d lines", found, b.N)
	}
}
