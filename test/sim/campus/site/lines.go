package site

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// The speeds of the lines.
const (
	busBaud  = 38400
	pushBaud = 9600
)

// Lines are the serial lines of one building with the readers on them.
type Lines struct {
	All   []*Line
	Doors map[string]*reader.Reader // by room
}

// Line is one serial line.
type Line struct {
	*reader.Line
	Name  string
	Kind  campus.ReaderKind
	rooms []campus.Room // by address from 1
}

// openLines plugs a building's lines in: one bus for all readers with a light, and one line for each without.
func openLines(dir string, b campus.Building, seed uint64) (*Lines, error) {
	byID := filepath.Join(dir, "dev", "by-id")
	if err := os.MkdirAll(byID, 0o700); err != nil {
		return nil, fmt.Errorf("plug lines in: %w", err)
	}
	lines := &Lines{Doors: map[string]*reader.Reader{}}
	bus := &Line{Name: b.ID + "-doors", Kind: campus.OSDP}
	for _, r := range b.Rooms {
		if r.Kind == campus.OSDP {
			bus.rooms = append(bus.rooms, r)
			continue
		}
		push := &Line{Name: b.ID + "-" + strings.ToLower(r.ID), Kind: campus.RDM6300, rooms: []campus.Room{r}}
		lines.All = append(lines.All, push)
	}
	lines.All = append([]*Line{bus}, lines.All...)
	for _, l := range lines.All {
		if err := l.plugIn(byID, seed, lines.Doors); err != nil {
			return nil, errors.Join(err, lines.Close())
		}
	}
	return lines, nil
}

func (l *Line) plugIn(dir string, seed uint64, doors map[string]*reader.Reader) (err error) {
	l.Line, err = reader.NewLine(dir, "usb-"+l.Name, reader.Options{Baud: l.baud(), Seed: seed})
	if err != nil {
		return fmt.Errorf("plug %s in: %w", l.Name, err)
	}
	for i, room := range l.rooms {
		if l.Kind == campus.RDM6300 {
			doors[room.ID], err = l.AddASCII(room.ID, ascii.RDM6300())
		} else {
			var pd *reader.OSDP
			if pd, err = l.AddOSDP(room.ID, byte(i+1), osdp.Options{}); err == nil {
				doors[room.ID] = pd.Reader
			}
		}
		if err != nil {
			return fmt.Errorf("put reader of %s on %s: %w", room.ID, l.Name, err)
		}
	}
	return nil
}

func (l *Line) baud() int {
	if l.Kind == campus.RDM6300 {
		return pushBaud
	}
	return busBaud
}

// yaml is the line in a gateway's configuration.
func (l *Line) yaml() string {
	var y strings.Builder
	driver := "driver: osdp"
	if l.Kind == campus.RDM6300 {
		driver = "driver: ascii\n    preset: rdm6300"
	}
	fmt.Fprintf(&y, "  - name: %s\n    %s\n    device: %q\n    baud: %d\n    readers:\n", l.Name, driver, l.Path(), l.baud())
	for i, r := range l.rooms {
		if l.Kind == campus.RDM6300 {
			fmt.Fprintf(&y, "      - {point: %s}\n", r.Point())
			continue
		}
		fmt.Fprintf(&y, "      - {point: %s, address: %d}\n", r.Point(), i+1)
	}
	return y.String()
}

// Close unplugs all.
func (l *Lines) Close() error {
	var errs []error
	for _, line := range l.All {
		if line.Line != nil {
			errs = append(errs, line.Close())
		}
	}
	return errors.Join(errs...)
}
