package survey

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/config"
)

// site is a configuration on a machine of its own.
type site struct {
	t    *testing.T
	dir  string
	c    config.Gateway
	keys string
}

func newSite(t *testing.T) *site {
	dir := t.TempDir()
	return &site{t: t, dir: dir, keys: filepath.Join(dir, "reader-keys"), c: config.Gateway{Data: "/var/lib/rollcall"}}
}

// bus hangs readers on a line of its own, whose device is there.
func (s *site) bus(name, driver string, baud int, readers ...config.Reader) *site {
	device := filepath.Join(s.dir, name)
	s.write(device, "", 0o600)
	s.c.Buses = append(s.c.Buses, config.Bus{Name: name, Driver: driver, Device: device, Baud: baud, Readers: readers})
	return s
}

func (s *site) key(reader, text string, mode fs.FileMode) *site {
	if err := os.MkdirAll(s.keys, 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.write(filepath.Join(s.keys, reader), text, mode)
	return s
}

func (s *site) write(path, text string, mode fs.FileMode) {
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) look() Report { return Look(&s.c, s.keys) }

func readers(n int, secure bool) []config.Reader {
	var all []config.Reader
	for i := range n {
		all = append(all, config.Reader{Point: fmt.Sprintf("r%02d", i), Address: i, Secure: secure})
	}
	return all
}

const someKey = "00112233445566778899aabbccddeeff\n"

// Rounds of eight readers at 9600 baud: 191 ms in plain, 291 ms under keys; at 19200 baud half of the octets' share.
func TestPace(t *testing.T) {
	tests := []struct {
		name    string
		baud, n int
		secure  bool
		round   time.Duration // to the millisecond
		warning string        // how it begins, and
		advice  string        // what it names
	}{
		{"four in plain at 9600", 9600, 4, false, 95 * time.Millisecond, "", ""},
		{"eight in plain at 9600", 9600, 8, false, 191 * time.Millisecond, "a round over its 8 readers takes 191 ms at 9600 baud", "at 19200 baud a round takes 107 ms. Move each of its readers, for example with rollcall-gateway readers move r00 --baud 19200, then write baud: 19200"},
		{"eight under keys at 9600", 9600, 8, true, 291 * time.Millisecond, "a round over its 8 readers takes 291 ms at 9600 baud", "at 38400 baud a round takes 91 ms"},
		{"eight under keys at 38400", 38400, 8, true, 91 * time.Millisecond, "", ""},
		{"sixty under keys at 230400", 230400, 60, true, 263 * time.Millisecond, "a round over its 60 readers takes 263 ms at 230400 baud", "no speed would do; hang at most 34 readers on a line of 230400 baud, which makes 2 lines"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t).bus("ground", "osdp", test.baud, readers(test.n, test.secure)...)
			for _, r := range s.c.Buses[0].Readers {
				if test.secure {
					s.key(r.Point+".key", someKey, 0o600)
				}
			}
			got := s.look()
			if round := got.Buses[0].Round.Round(time.Millisecond); round != test.round {
				t.Errorf("round = %v, want %v", round, test.round)
			}
			if plain := got.Buses[0].Plain > 0; plain == test.secure || got.Buses[0].Plain+got.Buses[0].Secure != test.n {
				t.Errorf("readers = %d in plain and %d under keys", got.Buses[0].Plain, got.Buses[0].Secure)
			}
			if got.Buses[0].Light <= got.Buses[0].Round {
				t.Errorf("light after %v, want later than a round of %v", got.Buses[0].Light, got.Buses[0].Round)
			}
			if test.warning == "" {
				if len(got.Warnings) > 0 {
					t.Errorf("warnings = %v, want none", got.Warnings)
				}
				return
			}
			if w := only(t, got); w.Name != "bus ground slow" || !strings.HasPrefix(w.Text, test.warning) || !strings.Contains(w.Text, test.advice) {
				t.Errorf("warning = %v, want %q and %q", w, test.warning, test.advice)
			}
		})
	}
}

func only(t *testing.T, r Report) Warning {
	t.Helper()
	if len(r.Warnings) != 1 {
		t.Fatalf("warnings = %v, want one", r.Warnings)
	}
	return r.Warnings[0]
}

func TestKeys(t *testing.T) {
	tests := []struct {
		name   string
		reader config.Reader
		site   func(*site)
		secure int
		want   string // part of the warning; empty for none
	}{
		{"no key, none wanted", config.Reader{Point: "a"}, func(*site) {}, 0, ""},
		{"no key, one wanted", config.Reader{Point: "a", Secure: true}, func(*site) {}, 1, "rollcall-gateway readers install a"},
		{"key", config.Reader{Point: "a", Secure: true}, func(s *site) { s.key("a.key", someKey, 0o600) }, 1, ""},
		{"key, none demanded", config.Reader{Point: "a"}, func(s *site) { s.key("a.key", someKey, 0o600) }, 1, ""},
		{"key that others may read", config.Reader{Point: "a", Secure: true}, func(s *site) { s.key("a.key", someKey, 0o644) }, 1, "chmod 600"},
		{"half a key", config.Reader{Point: "a", Secure: true}, func(s *site) { s.key("a.key", someKey[:8], 0o600) }, 1, "does not hold 32 hexadecimal digits"},
		{"a place that others may write to", config.Reader{Point: "a"}, func(s *site) {
			s.key("a.key", someKey, 0o600)
			if err := os.Chmod(s.keys, 0o777); err != nil {
				s.t.Fatal(err)
			}
		}, 1, "chmod 700"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t).bus("ground", "osdp", 38400, test.reader)
			test.site(s)
			got := s.look()
			if got.Buses[0].Secure != test.secure {
				t.Errorf("%d readers are reckoned under keys, want %d", got.Buses[0].Secure, test.secure)
			}
			if test.want == "" {
				if len(got.Warnings) > 0 {
					t.Errorf("warnings = %v, want none", got.Warnings)
				}
				return
			}
			if w := only(t, got); w.Name != "reader a" || !strings.Contains(w.Text, test.want) {
				t.Errorf("warning = %v, want %q", w, test.want)
			}
		})
	}
}

// A check that root runs must not leave a directory that the gateway cannot use.
func TestNoPlaceForKeysIsMade(t *testing.T) {
	s := newSite(t).bus("ground", "osdp", 38400, config.Reader{Point: "a"})
	s.look()
	if _, err := os.Stat(s.keys); err == nil {
		t.Error("a directory for keys was made")
	}
}

func TestDeviceThatIsNotThere(t *testing.T) {
	s := newSite(t).bus("codes", "qr", 9600, config.Reader{Point: "a"})
	link := filepath.Join(s.dir, "by-id")
	if err := os.Symlink(s.c.Buses[0].Device, link); err != nil {
		t.Fatal(err)
	}
	s.c.Buses[0].Device = link
	if got := s.look(); len(got.Warnings) > 0 {
		t.Errorf("warnings = %v, want none", got.Warnings)
	}
	if err := os.Remove(filepath.Join(s.dir, "codes")); err != nil { // the name is there, the adapter is not
		t.Fatal(err)
	}
	if w := only(t, s.look()); w.Name != "bus codes" || !strings.Contains(w.Text, "plug in its adapter") {
		t.Errorf("warning = %v, want that the device is not there", w)
	}
}

func TestSocketThatIsTooLong(t *testing.T) {
	s := newSite(t)
	s.c.Data = "/" + strings.Repeat("d", 107-len("/console.sock"))
	if w := only(t, s.look()); w.Name != "console" {
		t.Errorf("warning = %v, want the console's", w)
	}
	s.c.Data = s.c.Data[:len(s.c.Data)-1]
	if got := s.look(); len(got.Warnings) > 0 {
		t.Errorf("warnings = %v, want none", got.Warnings)
	}
}

func TestPlural(t *testing.T) {
	if diff := cmp.Diff([]string{plural(1, "line"), plural(2, "line"), plural(12, "line")}, []string{"1 line", "2 lines", "12 lines"}); diff != "" {
		t.Error(diff)
	}
}
