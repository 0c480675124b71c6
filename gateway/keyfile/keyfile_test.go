package keyfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestMadeFileIsLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "storage.key")
	if err := Make(path); err != nil {
		t.Fatal(err)
	}
	secret, err := Load(path)
	if err != nil || len(secret) != Size || bytes.Equal(secret, make([]byte, Size)) {
		t.Fatalf("Load = %d bytes, %v, want %d drawn ones", len(secret), err, Size)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if err := Make(path); !errors.Is(err, ErrExists) {
		t.Errorf("second Make = %v, want ErrExists", err)
	}
	if again, err := Load(path); err != nil || !bytes.Equal(secret, again) {
		t.Errorf("the secret changed: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	if err := Make(other); err != nil {
		t.Fatal(err)
	}
	if second, err := Load(other); err != nil || bytes.Equal(secret, second) {
		t.Errorf("two files hold one secret: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int // below 0: no file
		mode os.FileMode
		want error
	}{
		{"none", -1, 0, ErrMissing},
		{"for the group", Size, 0o640, ErrMode},
		{"for all", Size, 0o604, ErrMode},
		{"short", Size - 1, 0o600, ErrSize},
		{"long", Size + 1, 0o400, ErrSize},
		{"empty", 0, 0o600, ErrSize},
		{"read only", Size, 0o400, nil},
	} {
		path := filepath.Join(t.TempDir(), "storage.key")
		if tt.size >= 0 {
			if err := os.WriteFile(path, make([]byte, tt.size), tt.mode); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Load(path); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
