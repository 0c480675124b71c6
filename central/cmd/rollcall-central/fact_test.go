package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// An official imports facts, sees them, and withdraws one that was wrong.
func TestFactsFromTheCommandLine(t *testing.T) {
	at := site(t)
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "file.csv")
		write(t, path, content)
		return path
	}
	must := func(wants string, line ...string) {
		t.Helper()
		printed, err := run(t, append(line, "-c", at)...)
		if err != nil || !strings.Contains(printed, wants) {
			t.Errorf("%s prints %q, %v; want %q", strings.Join(line, " "), printed, err, wants)
		}
	}
	must("1 added", "import", "students", file("student_id,name\ns1,Ada\n"))
	logins := file("user,time\ns1,2026-10-05 10:00\ns1,2026-10-06 10:00\n")
	must("dry run, nothing imported: 2 added", "import", "logins", logins, "--dry-run")
	must("nobody says until when the logins are complete", "import", "logins", logins)
	must("logins are complete through Wed 7 Oct 2026 23:59", "import", "logins", logins, "--through", "2026-10-07")
	must("2026-10-05 10:00:00", "fact", "list", "s1")
	must("fact 1 is withdrawn", "fact", "withdraw", "1", "--reason", "shared computer")
	must(": shared computer", "fact", "list", "s1")
	for _, line := range [][]string{
		{"import", "logins", logins, "--through", "7/10/2026"}, {"import", "students", logins, "--through", "2026-10-07"},
		{"import", "logins", logins, "--mode", "complete-for-dates"}, {"fact", "list"}, {"fact", "withdraw", "1", "--reason", "again"},
	} {
		if printed, err := run(t, append(line, "-c", at)...); err == nil {
			t.Errorf("%s prints %q, want it refused", strings.Join(line, " "), printed)
		}
	}
}
