package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

const digitsOf0to15 = "000102030405060708090a0b0c0d0e0f"

var key0to15 = osdp.Key{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func open(t *testing.T) Ring {
	t.Helper()
	r, err := Open(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r Ring) want(t *testing.T, reader string, want osdp.Secret) {
	t.Helper()
	if got, err := r.Load(reader); got != want || err != nil {
		t.Errorf("Load = adopted %v, proposed %v, %v; not what was kept", got.Adopted == want.Adopted, got.Proposed == want.Proposed, err)
	}
}

func TestAKeyIsProposedAndAdopted(t *testing.T) {
	r := open(t)
	const reader = "LIB-0.01/door"
	r.want(t, reader, osdp.Secret{})
	if err := r.Propose(reader, key0to15); err != nil {
		t.Fatal(err)
	}
	r.want(t, reader, osdp.Secret{Proposed: key0to15})
	if err := r.Adopt(reader); err != nil {
		t.Fatal(err)
	}
	r.want(t, reader, osdp.Secret{Adopted: key0to15})
	r.want(t, "LIB-0.02/door", osdp.Secret{})

	if err := r.Propose(reader, osdp.Key{1}); !errors.Is(err, ErrHasKey) {
		t.Errorf("Propose beside a key = %v, want %v", err, ErrHasKey)
	}
	r.want(t, reader, osdp.Secret{Adopted: key0to15})
}

func TestFilesAreForOneUserAndHoldDigits(t *testing.T) {
	r := open(t)
	if err := r.Propose("LIB-0.01/door", key0to15); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.dir, "LIB-0%2E01%2Fdoor.proposed")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %04o, want 0600", got)
	}
	if text, err := os.ReadFile(path); string(text) != digitsOf0to15+"\n" || err != nil {
		t.Errorf("the file does not hold the digits of the key and a line end (%v)", err)
	}
	dir, err := os.Stat(r.dir)
	if err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("directory: mode %04o, %v; want 0700", dir.Mode().Perm(), err)
	}
}

func TestWithdraw(t *testing.T) {
	r := open(t)
	if err := r.Propose("a", key0to15); err != nil {
		t.Fatal(err)
	}
	if err := r.Withdraw("a"); err != nil {
		t.Fatal(err)
	}
	r.want(t, "a", osdp.Secret{})
	if err := r.Withdraw("a"); err == nil {
		t.Error("withdrawing nothing succeeds")
	}
	if err := r.Adopt("a"); err == nil {
		t.Error("adopting nothing succeeds")
	}
}

// A power cut leaves one of these behind; the ring goes on from each.
func TestWhatAPowerCutLeaves(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  osdp.Secret
	}{
		{"while the key was written", map[string]string{"a.proposed.new": "0001"}, osdp.Secret{}},
		{"after it was written", map[string]string{"a.proposed": digitsOf0to15 + "\n"}, osdp.Secret{Proposed: key0to15}},
		{"while a second one was written", map[string]string{"a.proposed": digitsOf0to15, "a.proposed.new": ""}, osdp.Secret{Proposed: key0to15}},
		{"after it was adopted", map[string]string{"a.key": digitsOf0to15 + "\r\n"}, osdp.Secret{Adopted: key0to15}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t)
			for name, text := range tt.files {
				put(t, filepath.Join(r.dir, name), text, 0o600)
			}
			r.want(t, "a", tt.want)
			if tt.want.Adopted != (osdp.Key{}) {
				return
			}
			if err := errors.Join(r.Propose("a", key0to15), r.Adopt("a")); err != nil {
				t.Error(err)
			}
			r.want(t, "a", osdp.Secret{Adopted: key0to15})
		})
	}
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedFiles(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"others may read", digitsOf0to15, 0o644, "may be used by others (mode 0644): chmod 600 "},
		{"the group may read", digitsOf0to15, 0o640, "chmod 600 "},
		{"executable", digitsOf0to15, 0o700, "chmod 600 "},
		{"empty", "", 0o600, "does not hold 32 hexadecimal digits"},
		{"a digit short", digitsOf0to15[1:], 0o600, "does not hold 32 hexadecimal digits"},
		{"a digit more", digitsOf0to15 + "0", 0o600, "does not hold 32 hexadecimal digits"},
		{"no digits", strings.Repeat("x", 32), 0o600, "does not hold 32 hexadecimal digits"},
		{"very long", strings.Repeat("0", 1<<20), 0o600, "does not hold 32 hexadecimal digits"},
		{"zeros", strings.Repeat("0", 32), 0o600, "everybody knows"},
		{"the installation key", "303132333435363738393A3B3C3D3E3F", 0o600, "everybody knows"},
	} {
		for _, ending := range []string{".key", ".proposed"} {
			t.Run(tt.name+ending, func(t *testing.T) {
				r := open(t)
				path := filepath.Join(r.dir, "a"+ending)
				put(t, path, tt.text, tt.mode)
				s, err := r.Load("a")
				if s != (osdp.Secret{}) || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("Load = %v, want an error with %q and the path", err, tt.want)
				}
				if len(tt.text) == 32 && strings.Contains(err.Error(), tt.text[:6]) {
					t.Errorf("the error shows what is in the file: %v", err)
				}
			})
		}
	}
}

func TestLinksAndDirectoriesAreRefused(t *testing.T) {
	r := open(t)
	target := filepath.Join(t.TempDir(), "elsewhere")
	put(t, target, digitsOf0to15, 0o600)
	if err := errors.Join(os.Symlink(target, filepath.Join(r.dir, "a.key")), os.Mkdir(filepath.Join(r.dir, "b.key"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []string{"a", "b"} {
		if _, err := r.Load(reader); err == nil {
			t.Errorf("reader %s: Load succeeds", reader)
		}
	}
}

func TestNothingEverybodyKnowsIsProposed(t *testing.T) {
	r := open(t)
	for _, k := range []osdp.Key{{}, {0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F}} {
		if err := r.Propose("a", k); err == nil {
			t.Error("Propose succeeds")
		}
	}
	r.want(t, "a", osdp.Secret{})
}

func TestOpenRefusesADirectoryOthersWriteTo(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 700 "+dir) {
		t.Errorf("Open = %v, want what to do", err)
	}
}

// Every name is one file in the directory, and no two names are the same file.
func TestNamesStayApart(t *testing.T) {
	names := []string{"a", "A", "a/b", "a%2Fb", "a%b", "../a", "..", ".", "a.key", "a b", "é", "a\x00", "a\n", "a.proposed"}
	files := map[string]string{}
	for _, name := range names {
		file := escape(name)
		if other, taken := files[file]; taken {
			t.Errorf("%q and %q are the same file %s", name, other, file)
		}
		if strings.ContainsAny(file, "/.\x00\n ") {
			t.Errorf("%q becomes %q", name, file)
		}
		files[file] = name
	}
}

func FuzzParse(f *testing.F) {
	f.Add(digitsOf0to15 + "\n")
	f.Add("")
	f.Add(strings.Repeat("0", 40))
	f.Fuzz(func(t *testing.T, text string) {
		k, err := parse("x", strings.NewReader(text))
		if (err == nil) == k.Known() {
			t.Errorf("parse = known %v, %v", k.Known(), err)
		}
	})
}
