package readme

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	const begin, end = "<!-- bench:begin -->\n", "<!-- bench:end -->\n"
	tests := []struct {
		name, file, want string
		err              error
	}{
		{"empty section", "# A\n" + begin + end + "## B\n", "# A\n" + begin + "new\n" + end + "## B\n", nil},
		{"older figures", "# A\n" + begin + "old\nold\n" + end, "# A\n" + begin + "new\n" + end, nil},
		{"no section", "# A\n", "# A\n", ErrNoSection},
		{"no end", begin + "old\n", begin + "old\n", ErrNoSection},
		{"end before begin", end + begin, end + begin, ErrNoSection},
		{"another section", "<!-- other:begin -->\nold\n<!-- other:end -->\n" + begin + end, "<!-- other:begin -->\nold\n<!-- other:end -->\n" + begin + "new\n" + end, nil},
		{"two sections", begin + end + begin + end, begin + end + begin + end, ErrNoSection},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "README.md")
			if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := Write(path, "bench", "new\n"); !errors.Is(err, test.err) {
				t.Errorf("Write = %v, want %v", err, test.err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("file is %q, want %q", got, test.want)
			}
		})
	}
}

// The project's own README must be one that can be written.
func TestReadmeHasItsSections(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"bench", "versus"} {
		if _, err := replace(string(text), section, "new"); err != nil {
			t.Errorf("%s: %v", section, err)
		}
	}
}
