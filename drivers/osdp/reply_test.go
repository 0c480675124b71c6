package osdp

import (
	"errors"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

func TestCard(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		order      credential.Order
		want       string
		err        error
		reason     string
	}{
		{"Wiegand 26", "00 01 1A 00 BD D9 37 40", credential.AsSent, "w26:123:45678", nil, ""},
		{"Wiegand 26 called raw", "00 00 1A 00 BD D9 37 40", credential.AsSent, "w26:123:45678", nil, ""},
		{"UID of 7 octets", "00 00 38 00 04 A2 B3 C4 D5 E6 80", credential.AsSent, "uid:04A2B3C4D5E680", nil, ""},
		{"UID of 7 octets, reversed", "00 00 38 00 80 E6 D5 C4 B3 A2 04", credential.Reversed, "uid:04A2B3C4D5E680", nil, ""},
		{"UID of 4 octets", "00 00 20 00 DE AD BE EF", credential.AsSent, "uid:DEADBEEF", nil, ""},
		{"UID of 10 octets", "00 00 50 00 01 02 03 04 05 06 07 08 09 0A", credential.AsSent, "uid:0102030405060708090A", nil, ""},
		{"32 bits called Wiegand", "00 01 20 00 DE AD BE EF", credential.AsSent, "raw:32:DEADBEEF", nil, ""},
		{"fewer octets than bits", "00 01 1A 00 BD D9 37", credential.AsSent, "", errRawForm, "form"},
		{"more octets than bits", "00 01 1A 00 BD D9 37 40 00", credential.AsSent, "", errRawForm, "form"},
		{"no bit count", "00 01 1A", credential.AsSent, "", errRawForm, "form"},
		{"no bits", "00 00 00 00", credential.AsSent, "", credential.ErrLength, "length"},
		{"UID of 11 octets", "00 00 58 00 01 02 03 04 05 06 07 08 09 0A 0B", credential.AsSent, "", credential.ErrLength, "length"},
		{"wrong parity", "00 01 1A 00 3D D9 37 40", credential.AsSent, "", credential.ErrParity, "parity"},
		{"random UID", "00 00 20 00 08 11 22 33", credential.AsSent, "", credential.ErrRandom, "random"},
		{"UID of zeros", "00 00 20 00 00 00 00 00", credential.AsSent, "", credential.ErrBlank, "blank"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := card(unhex(tt.data), tt.order)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("card = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			if err != nil && refusal(err) != tt.reason {
				t.Errorf("refusal = %q, want %q", refusal(err), tt.reason)
			}
		})
	}
}

func TestParseIdentity(t *testing.T) {
	got, ok := parseIdentity(unhex("00 06 8E 01 02 04 03 02 01 05 06 07"))
	if want := (identity{vendor: "00068E", model: "1.2", firmware: "5.6.7"}); got != want || !ok {
		t.Errorf("parseIdentity = %+v, %v; want %+v", got, ok, want)
	}
	if _, ok := parseIdentity(unhex("00 06 8E")); ok {
		t.Error("three octets are an identity")
	}
}

func TestParseAbility(t *testing.T) {
	got, ok := parseAbility(unhex("03 01 01 04 03 01 05 02 01"))
	if want := (ability{led: 3, buzzer: 2}); got != want || !ok {
		t.Errorf("parseAbility = %+v, %v; want %+v", got, ok, want)
	}
	for _, bad := range []string{"", "04 03"} {
		if _, ok := parseAbility(unhex(bad)); ok {
			t.Errorf("%q is an ability", bad)
		}
	}
}
