package pn532

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// The octets are those of UM0701-02 (6.2.1, 7.2.2) and of recorded conversations with real modules.
func TestCommandsAsFrames(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command []byte
		want    string
	}{
		{"GetFirmwareVersion", askVersion, "00 00 FF 02 FE D4 02 2A 00"},
		{"SAMConfiguration", normalMode, "00 00 FF 05 FB D4 14 01 00 01 16 00"},
		{"SetParameters", noRATS, "00 00 FF 03 FD D4 12 04 16 00"},
		{"RFConfiguration, one retry", fewRetries, "00 00 FF 06 FA D4 32 05 FF 01 01 F4 00"},
		{"InListPassiveTarget, two", search, "00 00 FF 04 FC D4 4A 02 00 E0 00"},
		{"InRelease", release, "00 00 FF 03 FD D4 52 00 DA 00"},
		{"RFConfiguration, field off", fieldOff, "00 00 FF 04 FC D4 32 01 00 F9 00"},
	} {
		if d := cmp.Diff(drivertest.Unhex(t, tt.want), appendFrame(nil, tt.command)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	if d := cmp.Diff(drivertest.Unhex(t, "00 00 FF 00 FF 00"), ackFrame); d != "" {
		t.Errorf("ack (-want +got):\n%s", d)
	}
	if d := cmp.Diff(drivertest.Unhex(t, "00 00 FF FF 00 00"), nackFrame); d != "" {
		t.Errorf("nack (-want +got):\n%s", d)
	}
}

func TestFirmware(t *testing.T) {
	want := polled.Identity{Vendor: "NXP", Model: "PN532", Firmware: "1.6"}
	if got, err := firmware(drivertest.Unhex(t, "32 01 06 07")); got != want || err != nil {
		t.Errorf("firmware = %v, %v; want %v", got, err, want)
	}
	if got, err := firmware(drivertest.Unhex(t, "32 01 06")); err == nil {
		t.Errorf("firmware of three octets = %v, want an error", got)
	}
}

func TestTargets(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		count      int
		uid        string
		bad        bool
	}{
		{"none", "00", 0, "", false},
		{"7 octets", "01 01 0044 20 07 04A2B3C4D5E680", 1, "04A2B3C4D5E680", false},
		{"4 octets", "01 01 0004 08 04 DEADBEEF", 1, "DEADBEEF", false},
		{"10 octets", "01 01 0084 00 0A 0102030405060708090A", 1, "0102030405060708090A", false},
		// A DESFire card as a module lists it that was not told to leave the ATS away.
		{"with an ATS", "01 01 0344 20 07 04A2B3C4D5E680 06 75 77 81 02 80", 1, "04A2B3C4D5E680", false},
		{"two", "02 01 0004 08 04 DEADBEEF 02 0044 00 07 04A2B3C4D5E680", 2, "", false},
		{"nothing", "", 0, "", true},
		{"three", "03 01 0004 08 04 DEADBEEF", 0, "", true},
		{"none, and yet more", "00 01", 0, "", true},
		{"one without data", "01", 0, "", true},
		{"one cut short", "01 01 0044 20 07 04A2B3C4D5E6", 0, "", true},
		{"one with too much", "01 01 0004 08 04 DEADBEEF 05 00", 0, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			count, uid, err := targets(drivertest.Unhex(t, tt.data))
			if count != tt.count || hex.EncodeToString(uid) != strings.ToLower(tt.uid) || (err != nil) != tt.bad {
				t.Errorf("targets = %d, % X, %v", count, uid, err)
			}
		})
	}
}
