package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/report"
)

// No page, no batch and no judgement may read the marks of the whole university. SQLite does so where a view of marks is on
// the right of a LEFT JOIN, and nobody sees it in a small database. Here the marks of somebody else cannot be read at all.
func TestNobodyReadsTheMarksOfAll(t *testing.T) {
	only(t, "sqlite")
	s, reports := smallCollege(t)
	if _, err := s.write.ExecContext(t.Context(), `INSERT INTO mark_week (student_id, week, marks) VALUES ('s9', 2960, 'no JSON')`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), `SELECT code FROM mark`); err == nil {
		t.Fatal("the marks of all can be read, so that this test would find nothing")
	}
	for name, read := range map[string]func(context.Context) error{
		"overview": func(ctx context.Context) error { _, err := reports.Overview(ctx, "", true); return err },
		"students": func(ctx context.Context) error { _, err := reports.Students(ctx, "", report.Filter{}); return err },
		"student":  func(ctx context.Context) error { _, err := reports.Student(ctx, "s1", "", true); return err },
		"sessions": func(ctx context.Context) error {
			_, err := reports.Sessions(ctx, report.SessionQuery{From: collegeNow.AddDate(0, -2, 0), To: collegeNow, Limit: 50})
			return err
		},
		"register": func(ctx context.Context) error { _, err := reports.Register(ctx, "e1"); return err },
		"taps": func(ctx context.Context) error {
			_, err := reports.Taps(ctx, report.TapQuery{From: collegeNow.AddDate(0, -2, 0), To: collegeNow, Limit: 50})
			return err
		},
		"a tap": func(ctx context.Context) error {
			_, err := s.ReportSource().Tap(ctx, contract.TapID{Stream: contract.Stream{0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}, Seq: 10})
			return err
		},
		"recent taps": func(ctx context.Context) error { _, err := reports.RecentTaps(ctx, 3); return err },
		"a batch":     func(ctx context.Context) error { return vouch(ctx, s) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := read(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every second somebody looks which registers have closed. However large the university is, no list of another day may be read
// for that.
func TestClosedRegistersAreFoundByTheirTime(t *testing.T) {
	only(t, "sqlite")
	s, _ := smallCollege(t)
	steps, err := list(t.Context(), s.write, func(r *sql.Rows) (step string, err error) {
		var id, parent, unused int
		return step, r.Scan(&id, &parent, &unused, &step)
	}, "EXPLAIN QUERY PLAN "+fmt.Sprintf(upsertDirty, expectedAtClosed), 1, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if plan := strings.Join(steps, "\n"); !strings.Contains(plan, "SEARCH s USING INDEX session_start (starts_at>? AND starts_at<?)\nSEARCH e USING COVERING INDEX expected_session") {
		t.Errorf("the plan is\n%s", plan)
	}
}

// vouch stores a heartbeat for a room in which there were sessions.
func vouch(ctx context.Context, s *Store) error {
	return s.Receive(ctx, func(tx ingest.Tx) error {
		return tx.Append(ctx, ingest.Stream{ID: contract.Stream{1}, Owner: "gw-1", HeardAt: collegeNow}, ingest.Delivery{Stream: contract.Stream{1}, ReceivedAt: collegeNow, Watermarks: []ingest.Watermark{{Point: "A-101/door", Until: collegeNow.Add(-time.Hour)}}})
	})
}
