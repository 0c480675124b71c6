package check

import (
	"fmt"
	"os"
	"testing"

	"github.com/creack/pty"
)

// line is a serial line of a gateway, with the reader's end in our hands.
type line struct {
	path   string // what the gateway opens
	reader *os.File
}

func newLine(t *testing.T) *line {
	t.Helper()
	reader, gateway, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// Our copy of the gateway's end stays open, or the line would hang up before the gateway has opened it.
	t.Cleanup(func() {
		_ = gateway.Close()
		_ = reader.Close()
	})
	return &line{gateway.Name(), reader}
}

// present pushes a card as an RDM6300 does (its data sheet): 02, ten hexadecimal digits, two of their exclusive or, 03.
func (l *line) present(card [5]byte) error {
	check := byte(0)
	for _, octet := range card {
		check ^= octet
	}
	_, err := fmt.Fprintf(l.reader, "\x02%X%02X\x03", card, check)
	return err
}
