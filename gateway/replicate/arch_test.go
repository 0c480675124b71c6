package replicate

import (
	"go/build"
	"testing"
)

// Where Badger loses keys the program must not build; where it does not, it must.
func TestBuildsOnlyOn64Bits(t *testing.T) {
	for arch, refused := range map[string]bool{"386": true, "arm": true, "amd64": false, "arm64": false} {
		c := build.Default
		c.GOOS, c.GOARCH = "linux", arch
		got, err := c.MatchFile(".", "arch_32bit.go")
		if err != nil {
			t.Fatal(err)
		}
		if got != refused {
			t.Errorf("%s: refused = %v, want %v", arch, got, refused)
		}
	}
}
