package store

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/rollcall-edge/rollcall/central/store/storetest"
)

// engine is the one that the tests run on.
var engine string

var oneEngine = flag.String("engine", "", "run on this engine alone, sqlite or postgres")

// TestMain runs every test and benchmark on each engine, so that none can forget one. The line it prints before says which.
func TestMain(m *testing.M) {
	flag.Parse()
	drawFewer()
	code := 0
	for _, engine = range []string{"sqlite", "postgres"} {
		if *oneEngine == "" || *oneEngine == engine {
			fmt.Println("engine:", engine)
			code = max(code, m.Run())
		}
	}
	os.Exit(code)
}

// checks is how many cases of a property are drawn on each engine, unless the command line says: each writes to disk time and
// again, and every run draws others.
const checks = "30"

func drawFewer() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if said {
		return
	}
	if err := flag.Set("rapid.checks", checks); err != nil {
		panic(err)
	}
}

// only skips a test of what one engine alone has.
func only(t testing.TB, name string) {
	t.Helper()
	if engine != name {
		t.Skipf("this is about %s, and the tests run on %s", name, engine)
	}
}

var databases = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := Open(ctx, Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// newPlace is a new database with the schema and nothing in it.
func newPlace(t testing.TB) Place {
	t.Helper()
	if engine == "postgres" {
		return Place{Database: databases.Postgres(t)}
	}
	return Place{Database: databases.SQLite(t)}
}

// openAt opens a database until the test ends.
func openAt(t testing.TB, place Place) *Store {
	t.Helper()
	s, err := Open(context.Background(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openTest(t testing.TB) *Store {
	t.Helper()
	return openAt(t, newPlace(t))
}

// onEngine names a benchmark after the engine, so that benchstat -col /engine sets the two side by side.
func onEngine(b *testing.B, benchmark func(*testing.B)) {
	b.Run("engine="+engine, benchmark)
}

// breakTable makes every insert into a table fail until it is mended, at the latest when the test ends.
func breakTable(t testing.TB, s *Store, table string) (mend func()) {
	t.Helper()
	fault, repair := `CREATE TRIGGER broken BEFORE INSERT ON `+table+` BEGIN SELECT RAISE(ABORT, 'disk fell off'); END`, `DROP TRIGGER IF EXISTS broken`
	if engine == "postgres" {
		fault, repair = `ALTER TABLE `+table+` ADD CONSTRAINT broken CHECK (FALSE) NOT VALID`, `ALTER TABLE `+table+` DROP CONSTRAINT IF EXISTS broken`
	}
	run := func(statement string) {
		t.Helper()
		if _, err := s.write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	run(fault)
	mend = func() { t.Helper(); run(repair) }
	t.Cleanup(mend)
	return mend
}
