package year

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
)

var students = flag.Int("students", 400, "size of the year that is measured")

var databases = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := store.Open(ctx, store.Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// university is a year in a database.
type university struct {
	year  *Year
	place store.Place
	store *store.Store
	desk  *policy.Desk
	judge *judge.Judge
}

func found(t testing.TB, engine string, size Size) *university {
	t.Helper()
	u := &university{year: New(size, 1)}
	fill := u.year.FillPostgres
	if engine == "sqlite" {
		u.place.Database, fill = databases.SQLite(t), u.year.FillSQLite
	} else {
		u.place.Database = databases.Postgres(t)
	}
	began := time.Now()
	if err := fill(t.Context(), u.place.Database); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d students filled in %v", engine, size.Students, time.Since(began))
	var err error
	if u.store, err = store.Open(t.Context(), u.place); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.store.Close() })
	now := func() time.Time { return Now }
	u.desk = policy.NewDesk(u.store, now)
	text, err := central.ShippedPolicy("college")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.desk.Start(t.Context(), "college.yaml", text); err != nil {
		t.Fatal(err)
	}
	u.judge = judge.New(judge.Options{
		Store: u.store.Judgements(), Policies: u.desk, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: now,
	})
	return u
}

func BenchmarkYear(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run("engine="+engine, func(b *testing.B) {
			u := found(b, engine, Size{*students, 10})
			b.Run("rebuild", func(b *testing.B) {
				for b.Loop() {
					if err := u.judge.Settle(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
			if fi, err := os.Stat(u.place.Database); err == nil {
				b.Logf("file %d MB", fi.Size()>>20)
			}
		})
	}
}
