package acu_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The session of SIA OSDP v2.2 annex E, and what follows from it: a POLL and a Wiegand-26 card, worked out once with
// an algorithm that interoperates with libosdp.
const (
	ccrypt = "FF 53 80 2B 00 0D 03 12 00 76 00068E0000000000 A0A1A2A3A4A5A6A7 FDE5D2F428EC16312471EA3C02BD7796 F8 1E"
	rmac   = "FF 53 80 1B 00 0E 03 14 01 78 B2A30057EB98BA2229EC1F875662B524 6E EB"
	raw    = "FF 53 80 1E 00 0F 02 18 50 1D 6C 99 3E BD F4 92 F1 AA CA 1B 59 E0 A4 93 91 AD 5D B6 92 BE 08"
)

func TestSessionOfAnnexE(t *testing.T) {
	key := [16]byte(octets(t, "303132333435363738393A3B3C3D3E3F"))
	c := acu.Channel{A: [8]byte(octets(t, "B0B1B2B3B4B5B6B7"))}
	want := func(name string, got []byte, text string) {
		t.Helper()
		if !bytes.Equal(got, octets(t, text)) {
			t.Errorf("%s = % X, want %s", name, got, text)
		}
	}
	want("CHLNG", c.Challenge(acu.Default), "FF 53 00 13 00 0D 03 11 00 76 B0B1B2B3B4B5B6B7 31 77")
	proof, err := c.Prove(octets(t, ccrypt), key)
	if err != nil {
		t.Fatal(err)
	}
	want("SCRYPT", proof, "FF 53 00 1B 00 0E 03 13 00 77 26D3356E07762D262801FC8E6665A891 40 B4")
	if err := c.Begin(octets(t, rmac)); err != nil {
		t.Fatal(err)
	}
	want("POLL", c.Seal(0x60), "FF 53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36")
	code, data, err := c.Open(octets(t, raw))
	if err != nil || code != 0x50 {
		t.Errorf("reply = %02X, %v, want RAW", code, err)
	}
	want("RAW", data, "00 01 1A 00 BD D9 37 40")
}

func TestPanelBelievesNobodyElse(t *testing.T) {
	key := [16]byte(octets(t, "303132333435363738393A3B3C3D3E3F"))
	begin := func() acu.Channel {
		c := acu.Channel{A: [8]byte(octets(t, "B0B1B2B3B4B5B6B7"))}
		c.Challenge(acu.Default)
		return c
	}
	c := begin()
	if _, err := c.Prove(octets(t, ccrypt), [16]byte{1}); !errors.Is(err, acu.ErrKey) {
		t.Errorf("device with another key: %v, want ErrKey", err)
	}
	if _, err := c.Prove(octets(t, "FF 53 80 0a 00 04 48 00 01 0f a1"), key); !errors.Is(err, acu.ErrKey) {
		t.Errorf("LSTATR for CHLNG: %v, want ErrKey", err)
	}
	if _, err := c.Prove(octets(t, "FF 53 80 0a 00 04 48 00 01 0f a2"), key); !errors.Is(err, acu.ErrFrame) {
		t.Errorf("wrong CRC: %v, want ErrFrame", err)
	}
	c = begin()
	if _, err := c.Prove(octets(t, ccrypt), key); err != nil {
		t.Fatal(err)
	}
	if err := c.Begin(octets(t, ccrypt)); !errors.Is(err, acu.ErrKey) {
		t.Errorf("CCRYPT for SCRYPT: %v, want ErrKey", err)
	}
	if err := c.Begin(octets(t, rmac)); err != nil {
		t.Fatal(err)
	}
	c.Seal(0x60)
	if _, _, err := c.Open(octets(t, "FF 53 80 0a 00 04 48 00 01 0f a1")); !errors.Is(err, acu.ErrMAC) {
		t.Errorf("reply in the clear: %v, want ErrMAC", err)
	}
	c.Forget()
	c.Sequence = 2
	c.Seal(0x60)
	if _, _, err := c.Open(octets(t, raw)); !errors.Is(err, acu.ErrMAC) {
		t.Errorf("reply out of the chain: %v, want ErrMAC", err)
	}
}
