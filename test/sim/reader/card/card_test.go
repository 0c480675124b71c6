package card_test

import (
	"bytes"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

func TestCard(t *testing.T) {
	tests := []struct {
		name   string
		card   card.Card
		bits   int
		octets []byte
		text   string
	}{
		// The bit string 1 01111011 1011001001101110 1 is worked out by hand from the Wiegand-26 layout.
		{"W26 site 123 number 45678", card.W26(123, 45678), 26, []byte{0xBD, 0xD9, 0x37, 0x40}, "w26:123:45678"},
		{"W26 all zeros has only the odd parity", card.W26(0, 0), 26, []byte{0x00, 0x00, 0x00, 0x40}, "w26:0:0"},
		{"W26 all ones has only the odd parity clear of change", card.W26(255, 65535), 26, []byte{0x7F, 0xFF, 0xFF, 0xC0}, "w26:255:65535"},
		{"W26 one bit in the left half sets even parity", card.W26(128, 0), 26, []byte{0xC0, 0x00, 0x00, 0x40}, "w26:128:0"},
		{"W26 one bit in the right half clears odd parity", card.W26(0, 1), 26, []byte{0x00, 0x00, 0x00, 0x80}, "w26:0:1"},
		{"4-octet UID", card.FromUID(0xDE, 0xAD, 0xBE, 0xEF), 32, []byte{0xDE, 0xAD, 0xBE, 0xEF}, "uid:DEADBEEF"},
		{"7-octet UID", card.FromUID(0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80), 56, []byte{0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}, "uid:04A2B3C4D5E680"},
		{"EM4100", card.FromEM4100([5]byte{0x01, 0x00, 0x63, 0xE9, 0xAE}), 40, []byte{0x01, 0x00, 0x63, 0xE9, 0xAE}, "em4100:010063E9AE"},
		{"a printed code", card.FromCode("a/1"), 24, []byte{0x61, 0x2F, 0x31}, `code:"a/1"`},
		{"odd bits pass unchecked", card.FromBits(26, 0x3D, 0xD9, 0x37, 0x40), 26, []byte{0x3D, 0xD9, 0x37, 0x40}, "bits:26:3DD93740"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.card.Bits(); got != tt.bits {
				t.Errorf("Bits = %d, want %d", got, tt.bits)
			}
			if got := tt.card.Octets(); !bytes.Equal(got, tt.octets) {
				t.Errorf("Octets = % X, want % X", got, tt.octets)
			}
			if got := tt.card.String(); got != tt.text {
				t.Errorf("String = %q, want %q", got, tt.text)
			}
		})
	}
}

func TestWiegandNumbers(t *testing.T) {
	for _, tt := range []struct{ site, number int }{{0, 0}, {123, 45678}, {255, 65535}} {
		site, number := card.W26(uint8(tt.site), uint16(tt.number)).Wiegand()
		if site != tt.site || number != tt.number {
			t.Errorf("W26(%d, %d).Wiegand() = %d, %d", tt.site, tt.number, site, number)
		}
	}
}

// ATQA and SAK of real cards, NXP AN10833 and AN10834.
func TestISO14443A(t *testing.T) {
	tests := []struct {
		name string
		card card.Card
		atqa uint16
		sak  byte
		ats  []byte
	}{
		{"four octets, a MIFARE Classic 1K", card.FromUID(1, 2, 3, 4), 0x0004, 0x08, nil},
		{"seven octets, a DESFire", card.FromUID(4, 2, 3, 4, 5, 6, 7), 0x0344, 0x20, []byte{0x75, 0x77, 0x81, 0x02, 0x80}},
		{"Ultralight", card.FromISO14443A([]byte{4, 2, 3, 4, 5, 6, 7}, 0x0044, 0x00), 0x0044, 0x00, nil},
	}
	for _, tt := range tests {
		atqa, sak, ats := tt.card.ISO14443A()
		if atqa != tt.atqa || sak != tt.sak || !bytes.Equal(ats, tt.ats) {
			t.Errorf("%s: ATQA %04X, SAK %02X, ATS % X, want %04X, %02X, % X", tt.name, atqa, sak, ats, tt.atqa, tt.sak, tt.ats)
		}
	}
}
