package beacon

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIDText(t *testing.T) {
	for _, c := range []struct{ name, ad, want string }{
		{"iBeacon", "02011a 1aff4c000215 e2c56db5dffb48d2b060d0f5a71096e0 0001 fffe c5", "ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:65534"},
		{"AltBeacon", "1bff1801beac 00112233445566778899aabbccddeeff00010002 c5 00", "altbeacon:00112233445566778899aabbccddeeff00010002"},
		{"UID", "1716aafe00ee 8b0ca750095477cb3e77 0123456789ab 0000", "uid:8b0ca750095477cb3e77:0123456789ab"},
		{"EID", "0d16aafe30ee 0011223344556677", "eid:0011223344556677"},
		{"telemetry names nobody", "1116aafe2000 0bb8 1580 00000bb8 000493e0", ""},
		{"a person is not tracked", "1107 5de4b414bc1b75114ee18701 00 017ea7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f Frame
			if err := Parse(octetsOf(c.ad), &f); err != nil {
				t.Fatal(err)
			}
			if got := f.ID().String(); got != c.want {
				t.Errorf("ID = %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseIDForgives(t *testing.T) {
	got, err := ParseID("  UID:8B0CA750095477CB3E77:0123456789AB ")
	if err != nil || got.String() != "uid:8b0ca750095477cb3e77:0123456789ab" {
		t.Errorf("ParseID = %v, %v", got, err)
	}
}

func TestParseIDRefuses(t *testing.T) {
	for _, s := range []string{
		"", "ibeacon", "uid:", "eid:00112233445566", "eid:001122334455667g", "eid:0011223344556677:1", "mac:001122334455",
		"uid:8b0ca750095477cb3e77", "uid:8b0ca750095477cb3e770123456789ab", "altbeacon:0011",
		"ibeacon:e2c56db5dffb48d2b060d0f5a71096e0:1:2", "ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:1",
		"ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:65536", "ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:01:2",
		"ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:-1:2", "ibeacon:e2c5-6db5dffb-48d2-b060-d0f5a71096e0:1:2",
	} {
		if id, err := ParseID(s); !errors.Is(err, ErrID) || id != (ID{}) {
			t.Errorf("ParseID(%q) = %v, %v, want ErrID", s, id, err)
		}
	}
}

func TestIDTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{IBeacon, AltBeacon, EddystoneUID, EddystoneEID}).Draw(t, "kind")
		n := map[Kind]int{IBeacon: 20, AltBeacon: 20, EddystoneUID: 16, EddystoneEID: 8}[kind]
		want := ID{kind: kind}
		copy(want.body[:], rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "body"))
		text := want.String()
		got, err := ParseID(strings.ToUpper(text))
		if err != nil || got != want {
			t.Fatalf("ParseID(%q) = %v, %v", text, got, err)
		}
	})
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if name := k.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[k.String()] = true
	}
	if got := Kind(200).String(); got != "unknown" {
		t.Errorf("Kind(200) = %q", got)
	}
}
