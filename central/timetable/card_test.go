package timetable

import (
	"strings"
	"testing"
)

func TestCanonicalCards(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"w26:123:45678", "w26:123:45678"},
		{"W26:007:0045", "w26:7:45"},
		{"w26:255:65535", "w26:255:65535"},
		{"w26:256:1", ""},
		{"w26:1:65536", ""},
		{"w34:65535:65535", "w34:65535:65535"},
		{"w37:65535:524287", "w37:65535:524287"},
		{"w37:1:524288", ""},
		{"w35:1:1", ""},
		{"w26:1", ""},
		{"w26:1:-1", ""},
		{"w26:1:99999999999999999999", ""},
		{"uid:04a2b3c4d5e680", "uid:04A2B3C4D5E680"},
		{"uid:DEADBEEF", "uid:DEADBEEF"},
		{"uid:0102030405060708090A", "uid:0102030405060708090A"},
		{"uid:04A2B3C4D5", ""},
		{"uid:04A2B3C4D5E68G", ""},
		{"uid:08112233445566", "uid:08112233445566"},
		{"em:010063e9ae", "em:010063E9AE"},
		{"em:10063E9AE", ""},
		{"em:0000000000", ""},
		{"raw:48:010203040506", "raw:48:010203040506"},
		{"raw:35:8000000020", "raw:35:8000000020"},
		{"raw:48:0102030405", ""},
		{"raw:4:50", ""},
		{"qr:LIB-7f3a-99C1", "qr:LIB-7f3a-99C1"},
		{"QR:two words", "qr:two words"},
		{"qr:1234567", ""},
		{"qr: 12345678", ""},
		{"qr:caf\u00e9 12345", ""},
		{"qr:" + strings.Repeat("a", 256), "qr:" + strings.Repeat("a", 256)},
		{"qr:" + strings.Repeat("a", 257), ""},
		{"04A2B3C4D5E680", ""},
		{"", ""},
		{":", ""},
	} {
		if got, problem, _ := canonicalCard(tt.text); got != tt.want || (got == "") != (problem != "") {
			t.Errorf("canonicalCard(%q) = %q, %q; want %q", tt.text, got, problem, tt.want)
		}
	}
}
