package site

import (
	"crypto/aes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
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
	fleet fleet
	rooms []campus.Room // by address from 1
}

// openLines plugs a building's lines in: one bus for all readers that can share one, and one line for each that cannot.
func openLines(dir string, b campus.Building, seed uint64, keys map[string]readerKey) (*Lines, error) {
	byID := filepath.Join(dir, "dev", "by-id")
	if err := os.MkdirAll(byID, 0o700); err != nil {
		return nil, fmt.Errorf("plug lines in: %w", err)
	}
	lines := &Lines{Doors: map[string]*reader.Reader{}}
	for _, l := range linesOf(b) {
		lines.All = append(lines.All, l)
		if err := l.plugIn(byID, seed, lines.Doors, keys); err != nil {
			return nil, errors.Join(err, lines.Close())
		}
	}
	return lines, nil
}

// linesOf names the lines of a building, the bus first.
func linesOf(b campus.Building) []*Line {
	bus := &Line{Name: b.ID + "-doors", fleet: fleets[campus.OSDP]}
	lines := []*Line{bus}
	for _, r := range b.Rooms {
		if r.Kind == campus.OSDP {
			bus.rooms = append(bus.rooms, r)
			continue
		}
		lines = append(lines, &Line{Name: b.ID + "-" + strings.ToLower(r.ID), fleet: fleets[r.Kind], rooms: []campus.Room{r}})
	}
	return lines
}

func (l *Line) plugIn(dir string, seed uint64, doors map[string]*reader.Reader, keys map[string]readerKey) (err error) {
	l.Line, err = reader.NewLine(dir, "usb-"+l.Name, reader.Options{Baud: l.fleet.baud, Seed: seed})
	if err != nil {
		return fmt.Errorf("plug %s in: %w", l.Name, err)
	}
	for i, room := range l.rooms {
		if doors[room.ID], err = l.fleet.add(l.Line, room.ID, byte(i+1), keys[room.Point()]); err != nil {
			return fmt.Errorf("put reader of %s on %s: %w", room.ID, l.Name, err)
		}
	}
	return nil
}

// yaml is the line in a gateway's configuration.
func (l *Line) yaml() string {
	var y strings.Builder
	fmt.Fprintf(&y, "  - name: %s\n    device: %q\n    baud: %d\n", l.Name, l.Path(), l.fleet.baud)
	for _, setting := range l.fleet.bus {
		fmt.Fprintf(&y, "    %s\n", setting)
	}
	y.WriteString("    readers:\n")
	for i, r := range l.rooms {
		fmt.Fprintf(&y, "      - {point: %s%s}\n", r.Point(), strings.ReplaceAll(l.fleet.reader, "#", fmt.Sprint(i+1)))
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

// readerKey is the secret of one OSDP reader.
type readerKey = [aes.BlockSize]byte
