// Package prometheus holds the alert rules and an example of a configuration, and checks them with Prometheus's own tool. It
// scrapes nothing; packaging/grafana/check holds the metrics that are named here to what the programs really export.
package prometheus

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	rulesFile = "rollcall.rules.yml"
	testsFile = "rollcall.rules_test.yml"
)

// rules is the part of a rule file that is looked at here.
type rules struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func promtool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing; run: apt-get install -y --no-install-recommends prometheus")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// copied puts the files in a directory of their own and reads them itself, so that go test, which caches a pass by the files
// a test opened, runs it again when one changes.
func copied(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		write(t, filepath.Join(dir, name), read(t, name))
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T) rules {
	t.Helper()
	var r rules
	if err := yaml.Unmarshal([]byte(read(t, rulesFile)), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRules(t *testing.T) {
	dir := copied(t, rulesFile, testsFile)
	if out, err := promtool(t, dir, "check", "rules", rulesFile); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
	if out, err := promtool(t, dir, "test", "rules", testsFile); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
}

// An alert that never fires any more must fail the tests of the rules, or they prove nothing about it.
func TestEveryAlertIsSeenToFire(t *testing.T) {
	text := read(t, rulesFile)
	for _, group := range parse(t).Groups {
		for _, rule := range group.Rules {
			t.Run(rule.Alert, func(t *testing.T) {
				dir := copied(t, testsFile)
				write(t, filepath.Join(dir, rulesFile), silenced(t, text, rule.Alert))
				if out, err := promtool(t, dir, "test", "rules", testsFile); err == nil {
					t.Errorf("%s never fires and %s passes:\n%s", rule.Alert, testsFile, out)
				}
			})
		}
	}
}

// silenced is the rule file with an alert that waits for ever.
func silenced(t *testing.T, text, alert string) string {
	t.Helper()
	var file map[string]any
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file["groups"].([]any) {
		for _, rule := range group.(map[string]any)["rules"].([]any) {
			if r := rule.(map[string]any); r["alert"] == alert {
				r["for"] = "52w"
			}
		}
	}
	out, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Who is woken finds the alert's name in the runbook, and what to do below it.
func TestEveryAlertIsInTheRunbook(t *testing.T) {
	runbook := read(t, "../RUNBOOK.md")
	for _, group := range parse(t).Groups {
		for _, rule := range group.Rules {
			_, chapter, found := strings.Cut(runbook, "\n### "+rule.Alert+"\n")
			if chapter, _, _ = strings.Cut(chapter, "\n### "); !found || !strings.Contains(chapter, "\n1. ") {
				t.Errorf("RUNBOOK.md has no chapter %q with steps", rule.Alert)
			}
			if got, want := rule.Annotations["runbook"], "RUNBOOK.md#"+strings.ToLower(rule.Alert); got != want {
				t.Errorf("runbook of %s = %q, want %q", rule.Alert, got, want)
			}
			if s := rule.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("severity of %s = %q, want page or ticket", rule.Alert, s)
			}
		}
	}
}

// The example is understood, and its targets carry the labels that rules and dashboard ask for.
func TestConfiguration(t *testing.T) {
	const file = "prometheus.yml"
	if out, err := promtool(t, copied(t, file, rulesFile), "check", "config", "--syntax-only", file); err != nil {
		t.Errorf("promtool check config: %v\n%s", err, out)
	}
	var c struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName string `yaml:"job_name"`
			Static  []struct {
				Labels map[string]string
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(read(t, file)), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.RuleFiles) != 1 || c.RuleFiles[0] != rulesFile {
		t.Errorf("rule_files = %q, want %q", c.RuleFiles, rulesFile)
	}
	jobs := map[string]bool{}
	for _, s := range c.ScrapeConfigs {
		jobs[s.JobName] = true
		for _, targets := range s.Static {
			if s.JobName == "rollcall-gateway" && (targets.Labels["building"] == "" || targets.Labels["gateway"] == "") {
				t.Errorf("labels of a gateway = %v, want building and gateway", targets.Labels)
			}
		}
	}
	if !jobs["rollcall-gateway"] || !jobs["rollcall-central"] {
		t.Errorf("jobs = %v, want rollcall-gateway and rollcall-central", jobs)
	}
}
