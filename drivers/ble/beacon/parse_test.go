package beacon

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The adverts and their meaning: Apple's and Radius Networks' published examples, and frames laid out by hand from
// the Eddystone protocol specification; the check-in UUID is ours.
var vectors = []struct {
	name, ad string
	want     Frame
	err      error
}{
	{"iBeacon of Apple's AirLocate example", "02011a 1aff4c000215 e2c56db5dffb48d2b060d0f5a71096e0 0001 0002 c5", frame(IBeacon, "e2c56db5dffb48d2b060d0f5a71096e000010002", -59), nil},
	{"iBeacon with a battery octet behind", "1bff4c000215 e2c56db5dffb48d2b060d0f5a71096e0 0001 0002 c5 64", frame(IBeacon, "e2c56db5dffb48d2b060d0f5a71096e000010002", -59), nil},
	{"AltBeacon", "1bff1801beac 00112233445566778899aabbccddeeff00010002 c5 00", frame(AltBeacon, "00112233445566778899aabbccddeeff00010002", -59), nil},
	{"UID", "020106 0303aafe 1716aafe00ee 8b0ca750095477cb3e77 0123456789ab 0000", frame(EddystoneUID, "8b0ca750095477cb3e770123456789ab", -59), nil},
	{"UID of an old sender, no reserved octets", "020106 0303aafe 1516aafe00ee 8b0ca750095477cb3e77 0123456789ab", frame(EddystoneUID, "8b0ca750095477cb3e770123456789ab", -59), nil},
	{"UID with the weakest power does not wrap", "1716aafe0080 8b0ca750095477cb3e77 0123456789ab 0000", frame(EddystoneUID, "8b0ca750095477cb3e770123456789ab", -128), nil},
	{"URL https://example.com", "020106 0303aafe 0e16aafe10ee 03 6578616d706c65 07", frame(EddystoneURL, "036578616d706c6507", -59), nil},
	{"TLM", "020106 0303aafe 1116aafe2000 0bb8 1580 00000bb8 000493e0", Frame{Kind: EddystoneTLM, Telemetry: Telemetry{MilliVolts: 3000, Celsius: 21.5, HasCelsius: true, Adverts: 3000, Uptime: 300000}}, nil},
	{"TLM below zero", "1116aafe2000 0a28 ff80 00000001 00000002", Frame{Kind: EddystoneTLM, Telemetry: Telemetry{MilliVolts: 2600, Celsius: -0.5, HasCelsius: true, Adverts: 1, Uptime: 2}}, nil},
	{"TLM that measures nothing", "1116aafe2000 0000 8000 00000001 00000002", Frame{Kind: EddystoneTLM, Telemetry: Telemetry{Adverts: 1, Uptime: 2}}, nil},
	{"encrypted TLM", "1516aafe2001 00112233445566778899aabb 0102 0304", Frame{Kind: EddystoneETLM}, nil},
	{"EID", "020106 0303aafe 0d16aafe30ee 0011223344556677", frame(EddystoneEID, "0011223344556677", -59), nil},
	{"check-in", "02011a 1107 5de4b414bc1b75114ee18701 00 017ea7", frame(CheckIn, "000187e14e11751bbc14b4e45d", 0), nil},

	{"empty", "", Frame{}, nil},
	{"flags alone", "020106", Frame{}, nil},
	{"Apple nearby is no beacon", "02011a 020a0c 0aff4c001005031c8a1b2c", Frame{}, nil},
	{"zero length ends the data", "020106 00 ffffff", Frame{}, nil},
	{"a structure of type and nothing else", "01ff 0116 0107", Frame{}, nil},
	{"another app's 128-bit UUID", "1107 00112233445566778899aabbccddeeff", Frame{}, nil},
	{"another service's data", "0416aabb01", Frame{}, nil},
	{"unknown Eddystone frame", "0416aafe40", Frame{}, nil},
	{"unknown TLM version", "0516aafe2002", Frame{}, nil},

	{"ff 01 runs past the end", "ff01", Frame{}, ErrStructure},
	{"ff ff 4c 00 runs past the end", "ffff4c00", Frame{}, ErrStructure},
	{"a lone length", "05", Frame{}, ErrStructure},
	{"one octet too few", "0409414243 0309ab", Frame{}, ErrStructure},
	{"iBeacon cut short", "19ff4c000215 e2c56db5dffb48d2b060d0f5a71096e0 0001 0002", Frame{}, ErrFrame},
	{"AltBeacon cut short", "1aff1801beac 00112233445566778899aabbccddeeff00010002 c5", Frame{}, ErrFrame},
	{"UID of 19", "1616aafe00ee 8b0ca750095477cb3e77 0123456789ab 00", Frame{}, ErrFrame},
	{"UID too long", "1816aafe00ee 8b0ca750095477cb3e77 0123456789ab 000000", Frame{}, ErrFrame},
	{"URL without scheme", "0516aafe10ee", Frame{}, ErrFrame},
	{"URL too long", "1816aafe10ee 03 000102030405060708090a0b0c0d0e0f1011", Frame{}, ErrFrame},
	{"TLM without version", "0416aafe20", Frame{}, ErrFrame},
	{"TLM cut short", "1016aafe2000 0bb8 1580 00000bb8 000493", Frame{}, ErrFrame},
	{"encrypted TLM cut short", "1416aafe2001 00112233445566778899aabb 0102 03", Frame{}, ErrFrame},
	{"EID cut short", "0c16aafe30ee 00112233445566", Frame{}, ErrFrame},
	{"Eddystone without a frame", "0316aafe", Frame{}, ErrFrame},
}

func frame(k Kind, body string, power int8) Frame {
	f := Frame{Kind: k, PowerAt1m: power}
	f.BodyLen = uint8(copy(f.Body[:], octetsOf(body)))
	return f
}

func octetsOf(s string) []byte {
	plain := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		if c != ' ' {
			plain = append(plain, c)
		}
	}
	b, err := hex.DecodeString(string(plain))
	if err != nil {
		panic(err) // a slip in the table above
	}
	return b
}

func TestParse(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			ad := octetsOf(v.ad)
			if len(ad) > 31 {
				t.Fatalf("vector has %d octets, the air carries 31", len(ad))
			}
			got := Frame{Kind: CheckIn, BodyLen: 9} // what the last advert left behind
			if err := Parse(ad, &got); !errors.Is(err, v.err) {
				t.Errorf("Parse = %v, want %v", err, v.err)
			}
			if d := cmp.Diff(got, v.want); d != "" {
				t.Errorf("frame (-got +want):\n%s", d)
			}
		})
	}
}

func TestParseMakesNoGarbage(t *testing.T) {
	var f Frame
	for _, v := range vectors {
		ad := octetsOf(v.ad)
		if n := testing.AllocsPerRun(100, func() { _ = Parse(ad, &f); _ = f.ID() }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", v.name, n)
		}
	}
}

// FuzzParse checks besides the absence of panics that nothing outside ad shows in the frame, and that a frame found is
// found again when a sound structure stands before it.
func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add(octetsOf(v.ad))
	}
	f.Fuzz(func(t *testing.T, ad []byte) {
		var got, again Frame
		err := Parse(ad, &got)
		if err != nil && got.Kind != None {
			t.Fatalf("error %v together with a %v frame", err, got.Kind)
		}
		if int(got.BodyLen) > len(ad) || int(got.BodyLen) > len(got.Body) {
			t.Fatalf("body of %d octets from %d", got.BodyLen, len(ad))
		}
		if errAgain := Parse(append([]byte{2, 1, 6}, ad...), &again); !errors.Is(errAgain, err) || again != got {
			t.Fatalf("after flags: %v %v, want %v %v", again, errAgain, got, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, v := range vectors[:12] {
		ad := octetsOf(v.ad)
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			var f Frame
			for b.Loop() {
				_ = Parse(ad, &f)
			}
		})
	}
}
