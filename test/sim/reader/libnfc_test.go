package reader_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
)

// The programs of libnfc know the PN532 from its vendor's documents and not from ours. Each must see the very cards
// that are in front of the simulated chip.

// libnfc is a program of libnfc with the chip at the end of l as its only device.
func libnfc(t *testing.T, l *reader.Line, program, debian string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install the Debian package %s, as test/tools.sh does", program, debian)
	}
	// The context only ends a test that has failed.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, "stdbuf", "-oL", path) // each line as it is printed
	c.Env = append(os.Environ(), "LIBNFC_DEVICE=pn532_uart:"+l.Path(), "LIBNFC_AUTO_SCAN=false", "LIBNFC_INTRUSIVE_SCAN=false")
	var complaints bytes.Buffer
	c.Stderr = &complaints
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s complained: %s", program, complaints.Bytes())
		}
	})
	return c
}

func addPN532(t *testing.T, l *reader.Line, o pn532.Options) *reader.Reader {
	t.Helper()
	r, err := l.AddPN532("desk", o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// target is a card as libnfc prints it.
type target struct{ ATQA, UID, SAK, ATS string }

var field = regexp.MustCompile(`(?m)^ *(ATQA|UID|SAK|ATS)[^:\n]*: *([0-9a-f ]*?) *$`)

// targets reads them out of what a program of libnfc printed.
func targets(printed string) []target {
	var all []target
	for _, m := range field.FindAllStringSubmatch(printed, -1) {
		if m[1] == "ATQA" {
			all = append(all, target{})
		}
		if len(all) == 0 {
			continue
		}
		value, last := strings.ReplaceAll(m[2], " ", ""), &all[len(all)-1]
		*map[string]*string{"ATQA": &last.ATQA, "UID": &last.UID, "SAK": &last.SAK, "ATS": &last.ATS}[m[1]] = value
	}
	return all
}

// Cards as NXP's AN10833 describes them, and what libnfc must say of them.
var (
	classic    = card.FromISO14443A([]byte{0xDE, 0xAD, 0xBE, 0xEF}, 0x0004, 0x08)
	ultralight = card.FromISO14443A([]byte{0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}, 0x0044, 0x00)
	desfire    = card.FromISO14443A([]byte{0x04, 0xD0, 0x35, 0x01, 0x70, 0x07, 0x03}, 0x0344, 0x20, 0x75, 0x77, 0x81, 0x02, 0x80)

	classicSeen    = target{"0004", "deadbeef", "08", ""}
	ultralightSeen = target{"0044", "04a2b3c4d5e680", "00", ""}
	desfireSeen    = target{"0344", "04d03501700703", "20", "7577810280"}
)

func TestNFCListSeesTheCards(t *testing.T) {
	tests := []struct {
		name   string
		cards  []card.Card
		faults reader.Faults
		want   []target
	}{
		{"none", nil, reader.Faults{}, nil},
		{"one MIFARE Classic", []card.Card{classic}, reader.Faults{}, []target{classicSeen}},
		{"one Ultralight", []card.Card{ultralight}, reader.Faults{}, []target{ultralightSeen}},
		{"one DESFire", []card.Card{desfire}, reader.Faults{}, []target{desfireSeen}},
		{"two at once", []card.Card{desfire, classic}, reader.Faults{}, []target{desfireSeen, classicSeen}},
		{"in pieces", []card.Card{classic, ultralight}, reader.Faults{Split: 1, SplitGap: 100 * time.Microsecond}, []target{classicSeen, ultralightSeen}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLine(t, reader.Options{Baud: 115200, Faults: tt.faults})
			r := addPN532(t, l, pn532.Options{})
			if len(tt.cards) > 0 {
				if _, err := r.Stick(0, tt.cards...); err != nil {
					t.Fatal(err)
				}
			}
			out, err := libnfc(t, l, "nfc-list", "libnfc-bin").Output()
			if err != nil || !bytes.Contains(out, []byte("opened")) {
				t.Fatalf("nfc-list: %v\n%s", err, out)
			}
			if diff := cmp.Diff(targets(string(out)), tt.want); diff != "" {
				t.Errorf("targets (-got +want):\n%s\nin %s", diff, out)
			}
		})
	}
}

// nfc-poll waits for a card, then for its going away. It asks by InAutoPoll and, depending on the card, by a READ, an
// R(NAK) or a new selection by identifier.
func TestNFCPollSeesACardComeAndGo(t *testing.T) {
	tests := []struct {
		name string
		card card.Card
		want target
	}{
		{"MIFARE Classic", classic, classicSeen},
		{"Ultralight", ultralight, ultralightSeen},
		{"DESFire", desfire, desfireSeen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLine(t, reader.Options{Baud: 115200})
			r := addPN532(t, l, pn532.Options{})
			c := libnfc(t, l, "nfc-poll", "libnfc-examples")
			pipe, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewReader(pipe)
			if _, err := out.ReadString('\n'); err != nil { // it is open, and polls with nothing there
				t.Fatal(err)
			}
			p, err := r.Stick(0, tt.card)
			if err != nil {
				t.Fatal(err)
			}
			printed, err := out.ReadString('.') // "Waiting for card removing..."
			if err != nil {
				t.Fatalf("%v after %q", err, printed)
			}
			r.Lift()
			rest, err := io.ReadAll(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Wait(); err != nil || !strings.HasSuffix(strings.TrimSpace(string(rest)), "done.") {
				t.Errorf("nfc-poll: %v, printed %q after the card had gone", err, rest)
			}
			if diff := cmp.Diff(targets(printed), []target{tt.want}); diff != "" {
				t.Errorf("targets (-got +want):\n%s\nin %s", diff, printed)
			}
			if got := p.Result(); got.SentAt.IsZero() || got.Lost {
				t.Errorf("result = %+v, want sent", got)
			}
		})
	}
}

// Through pn53x-tamashell a stranger reads a card and switches the lights: the person sees green.
func TestTamashellServesAPerson(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 115200})
	r := addPN532(t, l, pn532.RGB())
	p, err := r.Present(desfire)
	if err != nil {
		t.Fatal(err)
	}
	c := libnfc(t, l, "pn53x-tamashell", "libnfc-pn53x-examples")
	c.Stdin = strings.NewReader("02\n4a 01 00\n0e 82 00\n0c\nq\n")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pn53x-tamashell: %v\n%s", err, out)
	}
	for _, want := range []string{
		"Rx: 32  01  06  07", // GetFirmwareVersion, the example of UM0701-02
		"Rx: 01  01  03  44  20  07  04  d0  35  01  70  07  03  06  75  77  81  02  80",
		"Rx: 02  06  00", // ReadGPIO: P31 and P7
	} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if got := p.Wait(t.Context()); got.Light != lamp.Green || got.After() <= 0 {
		t.Errorf("result = %+v, want green", got)
	}
}

func TestPN53xDiagnoseFindsAHealthyChip(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 115200})
	addPN532(t, l, pn532.Options{})
	out, err := libnfc(t, l, "pn53x-diagnose", "libnfc-pn53x-examples").Output()
	if err != nil {
		t.Fatalf("pn53x-diagnose: %v\n%s", err, out)
	}
	if got := bytes.Count(out, []byte("test: OK")); got != 3 {
		t.Errorf("%d tests passed, want communication, ROM and RAM:\n%s", got, out)
	}
}
