package year

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
)

var databases = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := store.Open(ctx, store.Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// university is a year in a database, with the parts of central that are measured.
type university struct {
	year    *Year
	place   store.Place
	store   *store.Store
	desk    *policy.Desk
	judge   *judge.Judge
	reports *report.Reports
}

// found fills a database with a year, which nobody has judged yet, under the college's policy and the clause on months.
func found(t testing.TB, engine string, size Size) *university {
	t.Helper()
	u := &university{year: New(size, 1)}
	fill := u.year.FillPostgres
	if engine == "sqlite" {
		u.place.Database, fill = databases.SQLite(t), u.year.FillSQLite
	} else {
		u.place.Database = databases.Postgres(t)
	}
	if err := fill(t.Context(), u.place.Database); err != nil {
		t.Fatal(err)
	}
	var err error
	if u.store, err = store.Open(t.Context(), u.place); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.store.Close(); err != nil {
			t.Error(err)
		}
	})
	u.desk = policy.NewDesk(u.store, now)
	text, err := central.ShippedPolicy("college")
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "rules:\n", "rules:\n  E-4: {below: 70, months: 3, levels: [\"6\"], due: 10 working days}\n", 1))
	if err := u.desk.Start(t.Context(), "college.yaml", text); err != nil {
		t.Fatal(err)
	}
	u.judge = u.newJudge()
	u.reports = report.New(u.store.ReportSource(), now)
	return u
}

func (u *university) newJudge() *judge.Judge {
	return judge.New(judge.Options{
		Store: u.store.Judgements(), Policies: u.desk, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: now,
	})
}

func now() time.Time { return Now }
