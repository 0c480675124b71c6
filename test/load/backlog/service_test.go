package backlog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

const (
	building = "A"
	point    = "A-1/door"
	students = 2_000
)

var empty = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := store.Open(ctx, store.Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// databases are new ones by engine.
var databases = map[string]func(testing.TB) string{"sqlite": empty.SQLite, "postgres": empty.Postgres}

// service is central at work.
type service struct {
	*central.Central
	database string
}

// openService starts central with students, their cards, and a lecture for all of them each day of the week that is brought.
func openService(b *testing.B, database string) *service {
	b.Helper()
	cfg := &config.Central{
		Data: b.TempDir(), Database: database, Listen: "127.0.0.1:0", GatewayListen: "127.0.0.1:0", GatewayNames: []string{"127.0.0.1"},
	}
	c, err := central.New(b.Context(), cfg, central.Options{Log: quiet, Build: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	s := &service{Central: c, database: database}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	s.furnish(b)
	return s
}

func (s *service) furnish(b *testing.B) {
	b.Helper()
	today := time.Now()
	pupils, cards, lectures := []string{"student_id,name"}, []string{"student_id,card"}, []string{"event_id,date,start,end,room_id,module_id,student_id"}
	for i := range students {
		pupils = append(pupils, fmt.Sprintf("s%d,Student %d", i, i))
		cards = append(cards, fmt.Sprintf("s%d,%s", i, cardText(i)))
		for day := range 7 {
			lectures = append(lectures, fmt.Sprintf("law%d,%s,09:00,10:00,A-1,LAW,s%d", day, today.AddDate(0, 0, -day).Format(time.DateOnly), i))
		}
	}
	s.take(b, timetable.Rooms, "building_id,building_name,room_id,room_name,point_id", building+",A,A-1,A-1,"+point)
	s.take(b, timetable.Terms, "term_id,name,first_day,last_day",
		fmt.Sprintf("term,Term,%s,%s", today.AddDate(0, 0, -60).Format(time.DateOnly), today.AddDate(0, 0, 30).Format(time.DateOnly)))
	s.take(b, timetable.Students, pupils...)
	s.take(b, timetable.Cards, cards...)
	s.take(b, timetable.Sessions, lectures...)
}

func (s *service) take(b *testing.B, kind timetable.Kind, lines ...string) {
	b.Helper()
	if _, err := s.Importer.Import(b.Context(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), timetable.Options{Actor: "bench"}); err != nil {
		b.Fatal(err)
	}
}

// cardText is the card of a student as registry writes it.
func cardText(student int) string { return fmt.Sprintf("w26:1:%d", student) }

// check counts what is in central's database: at least what it gave receipts for, without a gap. A last batch may have lost its answer
// when measuring ended.
func (s *service) check(b *testing.B, through uint64) {
	b.Helper()
	driver := "sqlite"
	if strings.HasPrefix(s.database, "postgres:") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, s.database)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var kept, last uint64
	err = db.QueryRowContext(b.Context(), `SELECT count(*), max(seq) FROM record`).Scan(&kept, &last)
	if err != nil || kept != last || kept < through {
		b.Errorf("central has %d records up to number %d (%v), want all of %d", kept, last, err, through)
	}
}
