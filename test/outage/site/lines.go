package site

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// Lines are the serial lines of one building with the readers on them.
type Lines struct {
	All   []*Line
	Doors map[string]*reader.Reader // by room
	PDs   map[string]*reader.OSDP   // by room, those on the bus
	Spare *reader.OSDP              // on the bus too, at spareAddress, to which no gateway speaks
	keys  map[string][aes.BlockSize]byte
}

// Line is one serial line.
type Line struct {
	*reader.Line
	Name  string
	Kind  campus.ReaderKind
	Rooms []campus.Room // by address from 1
}

// fitting is how readers of one kind hang on their line.
type fitting struct {
	baud   int
	bus    []string // settings of the line
	reader string   // settings of each reader, # for its address
	add    func(l *reader.Line, name string) (*reader.Reader, error)
}

var fittings = map[campus.ReaderKind]fitting{
	campus.OSDP: {38400, []string{"driver: osdp"}, ", address: #, secure: true", nil},
	campus.TWN4: {115200, []string{"driver: twn4", "twn4: {third: blue}"}, "", func(l *reader.Line, name string) (*reader.Reader, error) {
		return l.AddTWN4(name, twn4.Options{})
	}},
	campus.PN532: {115200, []string{"driver: pn532", "pn532: {red: P30, green: P31, blue: P35}"}, "", func(l *reader.Line, name string) (*reader.Reader, error) {
		return l.AddPN532(name, pn532.RGB())
	}},
	campus.QR: {9600, []string{"driver: qr"}, "", func(l *reader.Line, name string) (*reader.Reader, error) {
		return l.AddQR(name, qr.Options{})
	}},
	campus.RDM6300: {9600, []string{"driver: ascii", "preset: rdm6300"}, "", func(l *reader.Line, name string) (*reader.Reader, error) {
		return l.AddASCII(name, ascii.RDM6300())
	}},
}

// openLines plugs a building's lines in: one bus for all readers that can share one, and one line for each that cannot.
func openLines(dir string, b campus.Building, seed uint64) (*Lines, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("plug lines in: %w", err)
	}
	lines := &Lines{Doors: map[string]*reader.Reader{}, PDs: map[string]*reader.OSDP{}, keys: map[string][aes.BlockSize]byte{}}
	chance := rand.New(rand.NewPCG(seed, 0x6b65_7973)) //nolint:gosec // keys of simulated readers
	for _, l := range linesOf(b) {
		lines.All = append(lines.All, l)
		if err := lines.plugIn(dir, l, seed, chance); err != nil {
			return nil, errors.Join(err, lines.Close())
		}
	}
	return lines, nil
}

func linesOf(b campus.Building) []*Line {
	bus := &Line{Name: b.ID + "-doors", Kind: campus.OSDP}
	lines := []*Line{bus}
	for _, r := range b.Rooms {
		if r.Kind == campus.OSDP {
			bus.Rooms = append(bus.Rooms, r)
			continue
		}
		lines = append(lines, &Line{Name: b.ID + "-" + strings.ToLower(r.ID), Kind: r.Kind, Rooms: []campus.Room{r}})
	}
	return lines
}

const spareAddress = 0x7D

func (ls *Lines) plugIn(dir string, l *Line, seed uint64, chance *rand.Rand) (err error) {
	f := fittings[l.Kind]
	if l.Line, err = reader.NewLine(dir, "usb-"+l.Name, reader.Options{Baud: f.baud, Seed: seed}); err != nil {
		return fmt.Errorf("plug %s in: %w", l.Name, err)
	}
	for i, room := range l.Rooms {
		if err := ls.add(l, f, room, byte(i+1), chance); err != nil {
			return fmt.Errorf("put reader of %s on %s: %w", room.ID, l.Name, err)
		}
	}
	if l.Kind != campus.OSDP {
		return nil
	}
	if ls.Spare, err = l.AddOSDP(l.Name+"-spare", spareAddress, osdp.Options{}); err != nil {
		return fmt.Errorf("put the spare reader on %s: %w", l.Name, err)
	}
	return nil
}

func (ls *Lines) add(l *Line, f fitting, room campus.Room, address byte, chance *rand.Rand) (err error) {
	if l.Kind != campus.OSDP {
		ls.Doors[room.ID], err = f.add(l.Line, room.ID)
		return err
	}
	var key [aes.BlockSize]byte
	binary.LittleEndian.PutUint64(key[:], chance.Uint64())
	binary.LittleEndian.PutUint64(key[8:], chance.Uint64())
	pd, err := l.AddOSDP(room.ID, address, osdp.Options{Key: &key, RequireSecure: true})
	if err != nil {
		return err
	}
	ls.Doors[room.ID], ls.PDs[room.ID], ls.keys[room.Point()] = pd.Reader, pd, key
	return nil
}

// install leaves a gateway the keys of its readers.
func (ls *Lines) install(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("install keys of readers: %w", err)
	}
	return site.InstallKeys(filepath.Clean(data), ls.keys)
}

// yaml is the line in a gateway's configuration.
func (l *Line) yaml() string {
	var y strings.Builder
	f := fittings[l.Kind]
	fmt.Fprintf(&y, "  - name: %s\n    device: %q\n    baud: %d\n", l.Name, l.Path(), f.baud)
	for _, setting := range f.bus {
		fmt.Fprintf(&y, "    %s\n", setting)
	}
	y.WriteString("    readers:\n")
	for i, r := range l.Rooms {
		fmt.Fprintf(&y, "      - {point: %s%s}\n", r.Point(), strings.ReplaceAll(f.reader, "#", fmt.Sprint(i+1)))
	}
	return y.String()
}

// Close unplugs all.
func (ls *Lines) Close() error {
	var errs []error
	for _, l := range ls.All {
		if l.Line != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}
