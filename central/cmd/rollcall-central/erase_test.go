package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing is destroyed by a dry run or by another answer than the number; with it the student is gone.
func TestEraseAsksForTheNumber(t *testing.T) {
	c := site(t)
	students := filepath.Join(t.TempDir(), "students.csv")
	write(t, students, "student_id,name\n4711,Rosalind Erewhon\n")
	if _, err := run(t, "import", "-c", c, "students", students); err != nil {
		t.Fatal(err)
	}
	ctx := context.Context(t.Context())
	for _, step := range []struct {
		dry                 bool
		answer, says, fails string
	}{
		{true, "", "would destroy 0 taps and ", ""},
		{false, "yes\n", "will be destroyed, for good", "not confirmed"},
		{false, "", "will be destroyed, for good", "not confirmed"},
		{false, "4711\n", "destroyed: 0 taps and ", ""},
		{false, "4711\n", "", "no such student"},
	} {
		e := auditErase{from: from{Config: c}, Student: "4711", Reason: "request of 1 October", DryRun: step.dry, answers: strings.NewReader(step.answer)}
		var err error
		out := capture(t, func() { err = e.Run(ctx, slog.New(slog.DiscardHandler)) })
		if !strings.Contains(out, step.says) || (err != nil) != (step.fails != "") || err != nil && !strings.Contains(err.Error(), step.fails) {
			t.Errorf("answer %q: %q, %v; want %q, %q", step.answer, out, err, step.says, step.fails)
		}
	}
}
