package credential_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

func TestFromBits(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		bits      int
		want      string
		err       error
	}{
		{"W26 facility 123 card 45678", "BDD93740", 26, "w26:123:45678", nil},
		{"W26 padding bits set", "BDD9377F", 26, "w26:123:45678", nil},
		{"W26 facility 1 card 1", pack("1 00000001 0000000000000001 0"), 26, "w26:1:1", nil},
		{"W26 even parity wrong", "3DD93740", 26, "", credential.ErrParity},
		{"W26 odd parity wrong", "BDD93700", 26, "", credential.ErrParity},
		{"W26 one data bit flipped", "BDDB3740", 26, "", credential.ErrParity},
		{"W26 all zeros", pack("0 00000000 0000000000000000 1"), 26, "", credential.ErrBlank},
		{"W26 all ones", pack("0 11111111 1111111111111111 1"), 26, "", credential.ErrBlank},
		{"W34 facility 258 card 772", pack("0 0000000100000010 0000001100000100 0"), 34, "w34:258:772", nil},
		{"W34 odd parity wrong", pack("0 0000000100000010 0000001100000100 1"), 34, "", credential.ErrParity},
		{"W37 facility 1 card 1", pack("1 0000000000000001 0000000000000000001 0"), 37, "w37:1:1", nil},
		{"W37 the shared bit counts in both", pack("1 0000000000000000 0100000000000000000 0"), 37, "w37:0:131072", nil},
		{"W37 even parity wrong", pack("0 0000000000000001 0000000000000000001 0"), 37, "", credential.ErrParity},
		{"35 bits have no format here", "8000000020", 35, "raw:35:8000000020", nil},
		{"35 bits, padding cleared", "800000003F", 35, "raw:35:8000000020", nil},
		{"48 bits", "010203040506", 48, "raw:48:010203040506", nil},
		{"raw zeros", "000000000000", 48, "", credential.ErrBlank},
		{"raw ones", "FFFFFFFFE0", 35, "", credential.ErrBlank},
		{"a key press of 4 bits", "50", 4, "", credential.ErrLength},
		{"no bits", "", 0, "", credential.ErrLength},
		{"11 octets", "0102030405060708090A0B", 88, "", credential.ErrLength},
		{"octets missing", "BDD937", 26, "", credential.ErrLength},
		{"octets too many", "BDD9374000", 26, "", credential.ErrLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := credential.FromBits(unhex(t, tt.hex), tt.bits)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FromBits = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFromUID(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		order     credential.Order
		want      string
		err       error
	}{
		{"4 octets", "DEADBEEF", credential.AsSent, "uid:DEADBEEF", nil},
		{"7 octets", "04A2B3C4D5E680", credential.AsSent, "uid:04A2B3C4D5E680", nil},
		{"7 octets reversed", "80E6D5C4B3A204", credential.Reversed, "uid:04A2B3C4D5E680", nil},
		{"10 octets", "0102030405060708090A", credential.AsSent, "uid:0102030405060708090A", nil},
		{"none", "", credential.AsSent, "", credential.ErrLength},
		{"5 octets", "0102030405", credential.AsSent, "", credential.ErrLength},
		{"11 octets", "0102030405060708090A0B", credential.AsSent, "", credential.ErrLength},
		{"random", "08112233", credential.AsSent, "", credential.ErrRandom},
		{"random, reversed", "33221108", credential.Reversed, "", credential.ErrRandom},
		{"08 last is not random", "33221108", credential.AsSent, "uid:33221108", nil},
		{"08 first of seven is not random", "08112233445566", credential.AsSent, "uid:08112233445566", nil},
		{"all zeros", "00000000", credential.AsSent, "", credential.ErrBlank},
		{"all ones", "FFFFFFFFFFFFFF", credential.AsSent, "", credential.ErrBlank},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := credential.FromUID(unhex(t, tt.hex), tt.order)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FromUID = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFromRawTellsUIDFromWiegand(t *testing.T) {
	for _, tt := range []struct {
		hex  string
		bits int
		want string
	}{
		{"04A2B3C4D5E680", 56, "uid:04A2B3C4D5E680"},
		{"DEADBEEF", 32, "uid:DEADBEEF"},
		{"0102030405060708090A", 80, "uid:0102030405060708090A"},
		{"BDD93740", 26, "w26:123:45678"},
		{"010203040506", 48, "raw:48:010203040506"},
	} {
		t.Run(fmt.Sprint(tt.bits), func(t *testing.T) {
			got, err := credential.FromRaw(unhex(t, tt.hex), tt.bits, credential.AsSent)
			if got != tt.want || err != nil {
				t.Errorf("FromRaw = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestFromEM4100(t *testing.T) {
	for _, tt := range []struct {
		hex, want string
		err       error
	}{
		{"010063E9AE", "em:010063E9AE", nil},
		{"0C000621A5", "em:0C000621A5", nil},
		{"010063E9", "", credential.ErrLength},
		{"0000000000", "", credential.ErrBlank},
		{"FFFFFFFFFF", "", credential.ErrBlank},
	} {
		t.Run(tt.hex, func(t *testing.T) {
			got, err := credential.FromEM4100(unhex(t, tt.hex))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FromEM4100 = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFromParts(t *testing.T) {
	for _, tt := range []struct {
		name           string
		bits           int
		facility, card uint64
		want           string
		err            error
	}{
		{"WEC200 manual, appendix C", 26, 177, 25111, "w26:177:25111", nil},
		// HID's ranges: H10301 facility 0 to 255, card 0 to 65535; H10304 facility to 65535, card to 524287.
		{"H10301, the last", 26, 255, 65534, "w26:255:65534", nil},
		{"H10301, facility too large", 26, 256, 1, "", credential.ErrRange},
		{"H10301, card too large", 26, 1, 65536, "", credential.ErrRange},
		{"34 bits", 34, 65535, 1, "w34:65535:1", nil},
		{"34 bits, facility too large", 34, 65536, 1, "", credential.ErrRange},
		{"H10304, the last", 37, 65535, 524286, "w37:65535:524286", nil},
		{"H10304, card too large", 37, 1, 524288, "", credential.ErrRange},
		{"all zeros", 26, 0, 0, "", credential.ErrBlank},
		{"all ones", 26, 255, 65535, "", credential.ErrBlank},
		{"35 bits have no format here", 35, 1, 1, "", credential.ErrLength},
		{"beyond everything", 26, 1 << 63, 1 << 63, "", credential.ErrRange},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := credential.FromParts(tt.bits, tt.facility, tt.card)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FromParts = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFromCode(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, tt := range []struct {
		name, text, want string
		err              error
	}{
		{"a number", "9780201379624", "qr:9780201379624", nil},
		{"case is kept", "rc1:7F3a9c", "qr:rc1:7F3a9c", nil},
		{"spaces around it", "  STUDENT 42 ", "qr:STUDENT 42", nil},
		// AIM identifiers of ISO/IEC 15424: QR code, EAN, Code 39 with its check, Data Matrix, Aztec.
		{"AIM identifier of a QR code", "]Q1STUDENT-0042", "qr:STUDENT-0042", nil},
		{"of an EAN", "]E09780201379624", "qr:9780201379624", nil},
		{"of Code 39", "]A7STUDENT-0042", "qr:STUDENT-0042", nil},
		{"of Data Matrix", "]d2STUDENT-0042", "qr:STUDENT-0042", nil},
		{"of Aztec runes", "]zC12345678", "qr:12345678", nil},
		{"a code that begins with one, and the scanner's", "]Q1]Q1STUDENT-0042", "qr:STUDENT-0042", nil},
		{"the same code from a scanner that sends none", "]Q1STUDENT-0042", "qr:STUDENT-0042", nil},
		{"a bracket that begins none", "][STUDENT-0042", "qr:][STUDENT-0042", nil},
		{"the shortest", "12345678", "qr:12345678", nil},
		{"too short", "1234567", "", credential.ErrCodeLength},
		{"too short without its identifier", "]Q112345", "", credential.ErrCodeLength},
		{"nothing but an identifier", "]Q1", "", credential.ErrCodeLength},
		{"nothing but spaces", strings.Repeat(" ", 20), "", credential.ErrCodeLength},
		{"the longest", long, "qr:" + long, nil},
		{"too long", long + "x", "", credential.ErrCodeLength},
		{"4 KB", strings.Repeat("x", 4096), "", credential.ErrCodeLength},
		{"UTF-8", "Matrikel Müller", "", credential.ErrText},
		{"not even UTF-8", "STUDENT\xFF0042", "", credential.ErrText},
		{"a group separator (GS1)", "STUDENT\x1D0042", "", credential.ErrText},
		{"a tab", "STUDENT\t0042", "", credential.ErrText},
		{"empty", "", "", credential.ErrCodeLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := credential.FromCode([]byte(tt.text))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("FromCode = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestReasonNamesEachRefusal(t *testing.T) {
	for err, want := range map[error]string{
		credential.ErrParity: "parity", credential.ErrLength: "length", credential.ErrBlank: "blank",
		credential.ErrRandom: "random", credential.ErrRange: "range", credential.ErrText: "text",
		credential.ErrCodeLength: "length", errors.New("x"): "other",
	} {
		if got := credential.Reason(fmt.Errorf("read: %w", err)); got != want {
			t.Errorf("Reason(%v) = %q, want %q", err, got, want)
		}
	}
}

// The parity rules are written out here as text, bit by bit, independently of the shifts in the code.
func TestWiegandAgainstAModel(t *testing.T) {
	formats := []struct{ facility, card, covered int }{{8, 16, 12}, {16, 16, 16}, {16, 19, 18}}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(formats).Draw(t, "format")
		facility := rapid.IntRange(0, 1<<f.facility-2).Draw(t, "facility")
		card := rapid.IntRange(1, 1<<f.card-1).Draw(t, "card")
		data := fmt.Sprintf("%0*b%0*b", f.facility, facility, f.card, card)
		even := strings.Count(data[:f.covered], "1") % 2
		odd := 1 - strings.Count(data[len(data)-f.covered:], "1")%2
		frame := fmt.Sprintf("%d%s%d", even, data, odd)

		want := fmt.Sprintf("w%d:%d:%d", len(frame), facility, card)
		got, err := credential.FromBits(octets(frame), len(frame))
		if got != want || err != nil {
			t.Fatalf("FromBits(%s) = %q, %v; want %q", frame, got, err, want)
		}
		parts, err := credential.FromParts(len(frame), uint64(facility), uint64(card))
		if parts != want || err != nil {
			t.Fatalf("FromParts(%d, %d, %d) = %q, %v; want %q", len(frame), facility, card, parts, err, want)
		}
		flip := rapid.SampledFrom([]int{0, len(frame) - 1}).Draw(t, "flipped parity bit")
		torn := []byte(frame)
		torn[flip] ^= 1
		if _, err := credential.FromBits(octets(string(torn)), len(frame)); !errors.Is(err, credential.ErrParity) {
			t.Fatalf("FromBits(%s) = %v, want %v", torn, err, credential.ErrParity)
		}
	})
}

var canonical = regexp.MustCompile(`^(w(26|34|37):(0|[1-9][0-9]{0,4}):(0|[1-9][0-9]{0,5})|uid:([0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})|em:[0-9A-F]{10}|raw:[1-8][0-9]:[0-9A-F]{4,20}|qr:[!-~][ -~]{6,254}[!-~])$`)

func FuzzCredential(f *testing.F) {
	f.Add([]byte{0xBD, 0xD9, 0x37, 0x40}, 26, false)
	f.Add([]byte{0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}, 56, true)
	f.Add([]byte{0x01, 0x00, 0x63, 0xE9, 0xAE}, 40, false)
	f.Add([]byte{0x08, 1, 2, 3}, 32, false)
	f.Add([]byte{}, -1, false)
	f.Add([]byte("]Q1STUDENT-0042"), 37, false)
	f.Fuzz(func(t *testing.T, data []byte, n int, reversed bool) {
		order := credential.AsSent
		if reversed {
			order = credential.Reversed
		}
		before := hex.EncodeToString(data)
		raw, rawErr := credential.FromRaw(data, n, order)
		bits, bitsErr := credential.FromBits(data, n)
		uid, uidErr := credential.FromUID(data, order)
		em, emErr := credential.FromEM4100(data)
		code, codeErr := credential.FromCode(data)
		var number uint64
		for _, o := range data {
			number = number<<8 | uint64(o)
		}
		parts, partsErr := credential.FromParts(n, number>>16&0x1FFFF, number&0xFFFFF)
		for _, got := range []struct {
			key string
			err error
		}{{raw, rawErr}, {bits, bitsErr}, {uid, uidErr}, {em, emErr}, {code, codeErr}, {parts, partsErr}} {
			if (got.err == nil) != canonical.MatchString(got.key) || (got.err != nil && credential.Reason(got.err) == "other") {
				t.Errorf("key %q with error %v: want a canonical key or a reason", got.key, got.err)
			}
		}
		if hex.EncodeToString(data) != before {
			t.Error("the input was changed")
		}
	})
}

// pack turns a bit string into left-aligned octets, in hexadecimal.
func pack(bits string) string { return hex.EncodeToString(octets(strings.ReplaceAll(bits, " ", ""))) }

func octets(bits string) []byte {
	out := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		if b == '1' {
			out[i/8] |= 0x80 >> (i % 8)
		}
	}
	return out
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
