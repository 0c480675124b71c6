package twn4

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
)

func TestTag(t *testing.T) {
	for _, tt := range []struct {
		name, reply string
		order       credential.Order
		want        string
		err         error
	}{
		{"4 octets (protocol, section 1.5.4.1)", "00 01 80 20 04 66CF4DC2", credential.AsSent, "uid:66CF4DC2", nil},
		{"7 octets", "00 01 80 38 07 04D03501700703", credential.AsSent, "uid:04D03501700703", nil},
		{"10 octets", "00 01 80 50 0A 0102030405060708090A", credential.AsSent, "uid:0102030405060708090A", nil},
		{"7 octets, last one first", "00 01 80 38 07 03077001 35D004", credential.Reversed, "uid:04D03501700703", nil},
		{"a random UID", "00 01 80 20 04 08112233", credential.AsSent, "", credential.ErrRandom},
		{"a blank UID", "00 01 80 20 04 00000000", credential.AsSent, "", credential.ErrBlank},
		{"EM4102", "00 01 40 28 05 010063E9AE", credential.AsSent, "em:010063E9AE", nil},
		{"EM4102, last octet first", "00 01 40 28 05 AEE9630001", credential.Reversed, "em:010063E9AE", nil},
		// The bits of the protocol's example of ICLASS_GetPACBits, section 1.5.16.1: 26, left aligned, value 00140026.
		{"HID Prox of 26 bits", "00 01 49 1A 04 05000980", credential.AsSent, "w26:10:19", nil},
		{"HID Prox of 35 bits", "00 01 49 23 05 8000000020", credential.AsSent, "raw:35:8000000020", nil},
		{"HID Prox with a wrong parity", "00 01 49 1A 04 85000980", credential.AsSent, "", credential.ErrParity},
		{"a tag without an ID (AT5555)", "00 01 44 00 00", credential.AsSent, "", errTag},
		{"a library book", "00 01 82 40 08 E004010012345678", credential.AsSent, "", errTag},
		{"6 octets of a type A card", "00 01 80 30 06 010203040506", credential.AsSent, "", credential.ErrLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, seen, err := tag(drivertest.Unhex(t, tt.reply))
			if err != nil || !seen {
				t.Fatalf("tag = %v, %v; want a card", seen, err)
			}
			got, err := f.key(tt.order)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("key = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestNoTag(t *testing.T) {
	if f, seen, err := tag([]byte{0, 0}); seen || err != nil {
		t.Errorf("tag = %v, %v, %v; want none", f, seen, err)
	}
}

func TestTagRefuses(t *testing.T) {
	for _, reply := range []string{
		"", "00", "00 01", "00 02", "00 00 80", "00 01 80", "00 01 80 20", "00 01 80 20 04 66CF4D", "00 01 80 20 04 66CF4DC2 00",
		"00 01 80 28 04 66CF4DC2", "00 01 80 20 00", "00 02 80 20 04 66CF4DC2",
	} {
		if f, _, err := tag(drivertest.Unhex(t, reply)); !errors.Is(err, errReply) {
			t.Errorf("tag of %q = %v, %v; want %v", reply, f, err, errReply)
		}
	}
}

// The example of section 1.5.17.9.
func TestList(t *testing.T) {
	got, err := list(drivertest.Unhex(t, "00 01 03 18 07 04D7A79A973780 07 042DA79A973780 07 0450A79A973780"))
	want := [][]byte{drivertest.Unhex(t, "04D7A79A973780"), drivertest.Unhex(t, "042DA79A973780"), drivertest.Unhex(t, "0450A79A973780")}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("list, error %v (-want +got):\n%s", err, d)
	}
}

func TestListRefuses(t *testing.T) {
	for _, reply := range []string{
		"00 01", "00 01 01", "00 01 02 05 04 66CF4DC2", "00 01 01 06 04 66CF4DC2", "00 01 01 05 05 66CF4DC2", "00 01 01 05 00 66CF4DC2", "00 01 00 00",
	} {
		if got, err := list(drivertest.Unhex(t, reply)); !errors.Is(err, errReply) {
			t.Errorf("list of %q = %v, %v; want %v", reply, got, err, errReply)
		}
	}
}

// The example of section 1.5.1.4.
func TestVersion(t *testing.T) {
	got, err := version(drivertest.Unhex(t, "00 1D 54574E342F42312E30332F434346312E35372F505253312E30332F5049"))
	if want := "TWN4/B1.03/CCF1.57/PRS1.03/PI"; got != want || err != nil {
		t.Errorf("version = %q, %v; want %q", got, err, want)
	}
	if got, err := version([]byte{0, 3, 'a', '\n', 'b'}); got != "ab" || err != nil {
		t.Errorf("version = %q, %v; want %q", got, err, "ab")
	}
	if got, err := version([]byte{0, 2, 'a'}); !errors.Is(err, errReply) {
		t.Errorf("version = %q, %v; want %v", got, err, errReply)
	}
}

// The example of section 1.5.1.3.
func TestTicks(t *testing.T) {
	if got, err := ticks(drivertest.Unhex(t, "00 D3480700")); got != 477395 || err != nil {
		t.Errorf("ticks = %d, %v; want 477395", got, err)
	}
	if got, err := ticks(drivertest.Unhex(t, "00 D34807")); !errors.Is(err, errReply) {
		t.Errorf("ticks = %d, %v; want %v", got, err, errReply)
	}
}

func TestRefusals(t *testing.T) {
	for status, want := range map[byte]string{
		1: "reader refused the command: unknown function", 5: "reader refused the command: not understood",
		9: "reader refused the command with status 9",
	} {
		err := done([]byte{status})
		if fmt.Sprint(err) != want {
			t.Errorf("done = %v, want %q", err, want)
		}
	}
	if err := done([]byte{0}); err != nil {
		t.Errorf("done = %v, want nil", err)
	}
	if err := done([]byte{0, 1}); !errors.Is(err, errReply) {
		t.Errorf("done = %v, want %v", err, errReply)
	}
}

// The examples of sections 1.5.3.8 and A.1, A.2.
func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"search", command(searchTag, 0x10), "0500 10"},
		{"lights", command(ledInit, every), "0410 07"},
		{"only MIFARE", types([]Tag{MIFARE}), "0502 00000000 01000000"},
		{"only HID Prox", types([]Tag{HIDProx}), "0502 00020000 00000000"},
		{"all three", types(Tags()), "0502 01020000 01000000"},
		{"a beep of 500 ms at 2400 Hz, half as loud", sound(500 * 1e6), "0407 32 6009 F401 0000"},
	} {
		if d := cmp.Diff(drivertest.Unhex(t, tt.want), tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
