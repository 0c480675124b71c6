package debian

import (
	"os/exec"
	"strings"
	"testing"
)

// In the order in which dpkg must put them.
var versions = []struct{ described, want string }{
	{"v0.0.0-12-gabc1234", "0.0.0+12.gabc1234"},
	{"v0.0.0-12-gabc1234-dirty", "0.0.0+12.gabc1234.dirty"},
	{"v1.2.3-rc1", "1.2.3~rc1"},
	{"v1.2.3-rc1-4-gabc1234", "1.2.3~rc1+4.gabc1234"},
	{"v1.2.3-rc2", "1.2.3~rc2"},
	{"v1.2.3", "1.2.3"},
	{"v1.2.3-2-gffff123", "1.2.3+2.gffff123"},
	{"v1.2.3-10-gabc1234", "1.2.3+10.gabc1234"},
	{"v1.2.3-dirty", "1.2.3+dirty"},
	{"v1.2.4", "1.2.4"},
}

func version(t *testing.T, args ...string) string {
	t.Helper()
	read(t, "version.sh") // so that go test runs this again when it changes
	out, err := exec.Command("./version.sh", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("version.sh %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestVersion(t *testing.T) {
	for _, tt := range versions {
		if got := version(t, tt.described); got != tt.want {
			t.Errorf("version of %s = %q, want %q", tt.described, got, tt.want)
		}
	}
}

func TestVersionsAreInOrder(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Fatal("dpkg is missing; run this on Debian, as make test does")
	}
	for i := 1; i < len(versions); i++ {
		before, after := versions[i-1].want, versions[i].want
		if err := exec.Command("dpkg", "--compare-versions", before, "lt", after).Run(); err != nil {
			t.Errorf("dpkg does not put %s before %s: %v", before, after, err)
		}
	}
}
