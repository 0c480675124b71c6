package osdp

import (
	"bytes"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

func TestCapabilitiesTellTheTruth(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		crc     byte
		secure  [2]byte
	}{
		{"plain", Options{}, 1, [2]byte{0, 0}},
		{"keyed", Options{Key: &ownKey}, 1, [2]byte{1, 0}},
		{"installing", Options{Install: true}, 1, [2]byte{1, 1}},
		{"checksum", Options{Checksum: true}, 0, [2]byte{0, 0}},
	}
	for _, tt := range tests {
		p := face(t, tt.options)
		a := p.pd.Answer(p.now, Frame{Code: cmdCap, Data: []byte{0}})
		list := a.Octets[7 : len(a.Octets)-1]
		var crc byte
		var secure [2]byte
		for ; len(list) > 0; list = list[3:] {
			switch list[0] {
			case 8:
				crc = list[1]
			case 9:
				secure = [2]byte{list[1], list[2]}
			}
		}
		if crc != tt.crc || secure != tt.secure {
			t.Errorf("%s: CRC %d, security %v, want %d, %v", tt.name, crc, secure, tt.crc, tt.secure)
		}
	}
}

// SIA's conformance tester finds a client identifier of zeros wrong, and one that is not the beginning of PDID.
func TestClientIdentifierIsThatOfPDID(t *testing.T) {
	c := begin(t, Options{Address: 9, Key: &ownKey})
	code, pdid := c.do(1, cmdID, 0)
	c.Sequence = 1
	f, err := acu.Parse(c.send(c.Challenge(acu.Own)))
	if err != nil || code != replyID || !bytes.Equal(f.Data[:8], pdid[:8]) || bytes.Equal(pdid[:8], make([]byte, 8)) {
		t.Errorf("CCRYPT % X (%v) after PDID % X, want its first eight octets, not zero", f.Data, err, pdid)
	}
}
