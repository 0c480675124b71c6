package twn4

import (
	"errors"
	"testing"
)

// The reference messages of section 1.3.4: GetUSBType and its reply, without and with CRC.
var references = []struct {
	line    string
	octets  []byte
	checked bool
}{
	{"0005", []byte{0x00, 0x05}, false},
	{"0001", []byte{0x00, 0x01}, false},
	{"000515A7", []byte{0x00, 0x05}, true},
	{"000131E1", []byte{0x00, 0x01}, true},
}

func TestReferenceMessages(t *testing.T) {
	for _, r := range references {
		if got := string(appendLine(nil, r.octets, r.checked)); got != r.line+"\r" {
			t.Errorf("line of % X = %q, want %q", r.octets, got, r.line+"\r")
		}
		got, err := decodeLine([]byte(r.line), r.checked)
		if err != nil || string(got) != string(r.octets) {
			t.Errorf("decode %q = % X, %v; want % X", r.line, got, err, r.octets)
		}
	}
}

// 6F91 is the check of this CRC (CRC-16/MCRF4XX) in Rocksoft's list of models.
func TestCRCOfTheStandardText(t *testing.T) {
	if got := crc([]byte("123456789")); got != 0x6F91 {
		t.Errorf("crc = %04X, want 6F91", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		checked    bool
		want       error
	}{
		{"an empty line", "", false, errForm},
		{"half an octet", "00018", false, errForm},
		{"no digits", "00zz", false, errForm},
		{"a CRC and nothing else", "15A7", true, errForm},
		{"one digit changed", "000415A7", true, errCheck},
		{"the CRC changed", "000515A6", true, errCheck},
		{"no CRC", "0005", true, errForm},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := decodeLine([]byte(tt.line), tt.checked); !errors.Is(err, tt.want) {
				t.Errorf("decode = % X, %v; want %v", got, err, tt.want)
			}
		})
	}
}
