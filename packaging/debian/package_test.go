// Package debian holds the recipes of the packages and checks what can be checked without building them: the versions, the
// scripts, and that what the units and scripts name is in the package. build.sh builds them.
package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// root is where the recipes' paths begin.
const root = "../.."

// recipe is the part of an nfpm configuration that is looked at here.
type recipe struct {
	Name     string
	Contents []struct {
		Src, Dst, Type string
	}
	Scripts map[string]string
}

func recipes(t *testing.T) map[string]recipe {
	t.Helper()
	all := map[string]recipe{}
	for _, part := range []string{"gateway", "central"} {
		var r recipe
		if err := yaml.Unmarshal([]byte(read(t, "nfpm-"+part+".yaml")), &r); err != nil {
			t.Fatal(err)
		}
		all[part] = r
	}
	return all
}

func (r recipe) installs(path string) bool {
	for _, c := range r.Contents {
		if c.Dst == path {
			return true
		}
	}
	return false
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRecipesFindTheirFiles(t *testing.T) {
	for part, r := range recipes(t) {
		if want := "rollcall-" + part; r.Name != want {
			t.Errorf("name = %q, want %q", r.Name, want)
		}
		for _, c := range r.Contents {
			if strings.HasPrefix(c.Src, "${STAGE}/") {
				continue // made by build.sh
			}
			if _, err := os.Stat(filepath.Join(root, c.Src)); err != nil {
				t.Errorf("%s: %v", part, err)
			}
		}
		for _, name := range []string{"postinstall", "preremove", "postremove"} {
			script := filepath.Join(root, r.Scripts[name])
			if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", script, err, out)
			}
		}
	}
}

// What is edited on the machine survives an upgrade.
func TestConfigurationIsKept(t *testing.T) {
	for part, r := range recipes(t) {
		for _, c := range r.Contents {
			if inEtc := strings.HasPrefix(c.Dst, "/etc/"); inEtc != (c.Type == "config|noreplace") {
				t.Errorf("%s: %s has type %q", part, c.Dst, c.Type)
			}
		}
	}
}

// A unit starts a program of its own package, and every unit is in one.
func TestUnitsAreInstalledWithTheirProgram(t *testing.T) {
	units, err := filepath.Glob("../systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("found %d units, %v", len(units), err)
	}
	starts := regexp.MustCompile(`(?m)^ExecStart=(\S+)`)
	packages := recipes(t)
	for _, unit := range units {
		program := starts.FindStringSubmatch(read(t, unit))
		if program == nil {
			t.Errorf("%s starts nothing", unit)
			continue
		}
		together := func(r recipe) bool {
			return r.installs("/usr/lib/systemd/system/"+filepath.Base(unit)) && r.installs(program[1])
		}
		if !together(packages["gateway"]) && !together(packages["central"]) {
			t.Errorf("no package installs both %s and %s", filepath.Base(unit), program[1])
		}
	}
}

// The scripts apply files by the names under which the package installs them.
func TestScriptsApplyWhatIsInstalled(t *testing.T) {
	for part, r := range recipes(t) {
		script := read(t, part+".postinst")
		for call, dir := range map[string]string{"systemd-sysusers ": "sysusers.d", "systemd-tmpfiles --create ": "tmpfiles.d"} {
			file := "rollcall-" + part + ".conf"
			if !strings.Contains(script, call+file) || !r.installs("/usr/lib/"+dir+"/"+file) {
				t.Errorf("%s.postinst does not apply /usr/lib/%s/%s, or it is not installed", part, dir, file)
			}
		}
	}
}

// Every key of a configuration that is installed is one of the example, which the tests of package config load.
func TestConfigurationsAreLikeTheExamples(t *testing.T) {
	for _, part := range []string{"gateway", "central"} {
		example := keys(t, filepath.Join(root, "config", part+".example.yaml"))
		for _, key := range keys(t, part+".yaml") {
			if !slices.Contains(example, key) {
				t.Errorf("%s.yaml has the key %s, which the example has not", part, key)
			}
		}
	}
}

// keys are the keys of the first two levels.
func keys(t *testing.T, path string) []string {
	t.Helper()
	var file map[string]any
	if err := yaml.Unmarshal([]byte(read(t, path)), &file); err != nil {
		t.Fatal(err)
	}
	var all []string
	for key, value := range file {
		all = append(all, key)
		if below, ok := value.(map[string]any); ok {
			for inner := range below {
				all = append(all, key+"."+inner)
			}
		}
	}
	return all
}
