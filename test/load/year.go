package load

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// What central aims at in a full year.
const (
	studentWithin = 2.0   // ms, on SQLite
	rebuildWithin = 60.0  // s, for 40,000 students
	pageWithin    = 300.0 // ms, 99 of 100, while taps come in
)

// engines are the columns of the table of the year.
var engines = []struct{ name, label string }{{"SQLite", "sqlite"}, {"PostgreSQL", "postgres"}}

func (r *Results) yearOf(engine string) map[string]float64 {
	return r.Year["BenchmarkYear/engine="+engine]
}

// pages are what staff ask, by the names of the figures.
var pages = []struct{ what, name string }{
	{"one student's term: marks, taps, findings", "student"},
	{"one register", "register"},
	{"engagement: figures, charts and a page of students", "engagement"},
	{"ten missed contacts, with the date of the tenth", "ten-missed"},
	{"three months under 70 %", "low-months"},
	{"a page of 150 sessions of an hour with their marks", "day"},
	{"term report: every module, everybody in it", "term-report"},
}

// year is the table of central's databases with a whole year in them.
func (r *Results) year() string {
	if len(r.Year) == 0 {
		return ""
	}
	size := int(r.yearOf("sqlite")["students"])
	head := []string{"a full year in central's database", "SQLite", "PostgreSQL"}
	rows := [][]string{head}
	row := func(what, format string, units ...string) {
		cells := []string{what}
		for _, e := range engines {
			var values []any
			for _, u := range units {
				values = append(values, r.yearOf(e.label)[u])
			}
			cells = append(cells, fmt.Sprintf(format, values...))
		}
		rows = append(rows, cells)
	}
	row("every mark, figure and finding from nothing", "%.0f s", "rebuild-s")
	row("one student's year again, from facts to stored, median", "%.2f ms", "judge-ms")
	row("ingest, batches of 500, each durable before its receipt", "%.0f rows/s", "ingest-rows/s")
	for _, p := range pages {
		row(p.what+": median alone; median, p99 while taps come in", "%.1f; %.1f, %.0f ms", p.name+"-idle-ms", p.name+"-ms", p.name+"-p99-ms")
	}
	row("taps that came in meanwhile, and were judged", "%.0f rows/s", "busy-rows/s")
	return fmt.Sprintf("**A university's year**, made up from a seed: %s students, each expected at 300 sessions of 40, tapping at four of five; both databases on this "+
		"machine, as Debian sets them up.\n\n%s", sample.Thousands(size), readme.Table(rows...))
}

func (r *Results) aimStudent() (Aim, bool) {
	got, ok := r.yearOf("sqlite")["judge-ms"]
	return Aim{"one student's year judged again on SQLite in less than 2 ms", fmt.Sprintf("%.2f ms", got), got < studentWithin}, ok
}

func (r *Results) aimRebuild() (Aim, bool) {
	sqlite, ok := r.yearOf("sqlite")["rebuild-s"]
	postgres := r.yearOf("postgres")["rebuild-s"]
	size := r.yearOf("sqlite")["students"]
	return Aim{
		"40,000 students × 300 sessions judged from nothing in less than 60 s",
		fmt.Sprintf("%.0f s on SQLite, %.0f s on PostgreSQL for %s students", sqlite, postgres, sample.Thousands(int(size))),
		max(sqlite, postgres) < rebuildWithin && size >= 40_000,
	}, ok
}

func (r *Results) aimPages() (Aim, bool) {
	worst, at := 0.0, ""
	for _, e := range engines {
		for _, p := range pages {
			if v := r.yearOf(e.label)[p.name+"-p99-ms"]; v > worst {
				worst, at = v, p.what+", "+e.name
			}
		}
	}
	return Aim{"every page of staff within 300 ms at p99 while taps come in", fmt.Sprintf("%.0f ms at worst (%s)", worst, at), worst < pageWithin}, at != ""
}
