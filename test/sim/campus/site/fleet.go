package site

import (
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// fleet is how readers of one kind hang on their line: what a gateway is told of them, and the simulated ones themselves.
type fleet struct {
	baud   int
	bus    []string // settings of the line
	reader string   // settings of each reader, # for its address
	add    func(l *reader.Line, name string, address byte, key readerKey) (*reader.Reader, error)
}

var fleets = map[campus.ReaderKind]fleet{
	campus.OSDP: {38400, []string{"driver: osdp"}, ", address: #, secure: true", func(l *reader.Line, name string, address byte, key readerKey) (*reader.Reader, error) {
		pd, err := l.AddOSDP(name, address, osdp.Options{Key: &key, RequireSecure: true})
		if err != nil {
			return nil, err
		}
		return pd.Reader, nil
	}},
	campus.TWN4: {115200, []string{"driver: twn4", "twn4: {third: blue}"}, "", func(l *reader.Line, name string, _ byte, _ readerKey) (*reader.Reader, error) {
		return l.AddTWN4(name, twn4.Options{})
	}},
	campus.PN532: {115200, []string{"driver: pn532", "pn532: {red: P30, green: P31, blue: P35}"}, "", func(l *reader.Line, name string, _ byte, _ readerKey) (*reader.Reader, error) {
		return l.AddPN532(name, pn532.RGB())
	}},
	campus.QR: {9600, []string{"driver: qr"}, "", func(l *reader.Line, name string, _ byte, _ readerKey) (*reader.Reader, error) {
		return l.AddQR(name, qr.Options{})
	}},
	campus.RDM6300: {9600, []string{"driver: ascii", "preset: rdm6300"}, "", func(l *reader.Line, name string, _ byte, _ readerKey) (*reader.Reader, error) {
		return l.AddASCII(name, ascii.RDM6300())
	}},
}
