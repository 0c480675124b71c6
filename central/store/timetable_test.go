package store

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// campus is an importer and a publisher over a real database, on Thursday 1 October 2026 at noon in London.
type campus struct {
	door
	place     Place
	key       *ecdsa.PrivateKey
	importer  *timetable.Importer
	publisher *timetable.Publisher
	now       time.Time
}

type signer struct{ key crypto.Signer }

func (s signer) Sign(document []byte) ([]byte, error) { return contract.Sign(s.key, document) }

func newCampus(t testing.TB) *campus {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &campus{place: newPlace(t), key: key, now: time.Date(2026, 10, 1, 11, 0, 0, 0, time.UTC)}
	c.store = openAt(t, c.place)
	c.importer = c.importerOver(c.store)
	c.publisher = timetable.NewPublisher(timetable.PublisherOptions{
		Store: c.store, Signer: signer{key}, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Now: func() time.Time { return c.now },
	})
	return c
}

func (c *campus) importerOver(s *Store) *timetable.Importer {
	return timetable.NewImporter(timetable.ImporterOptions{
		Store: s, CampusKey: []byte("campus"), Windows: func(context.Context) (timetable.Window, error) {
			return func(start, end time.Time) (time.Time, time.Time) { return start.Add(-30 * time.Minute), end }, nil
		}, Log: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Now: func() time.Time { return c.now },
	})
}

func (c *campus) take(t testing.TB, kind timetable.Kind, lines ...string) timetable.Diff {
	t.Helper()
	diff, err := c.importer.Import(context.Background(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), timetable.Options{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

func TestHolidaysPostponeDeadlinesUntilTakenBack(t *testing.T) {
	c := newCampus(t)
	friday, monday := calendar.Day{Year: 2028, Month: 6, Day: 2}, calendar.Day{Year: 2028, Month: 6, Day: 5}
	for _, step := range []struct {
		line string
		want calendar.Day
	}{{"2028-06-02,Proclaimed,", monday}, {"2028-06-02,Proclaimed again,", monday}, {"2028-06-02,Proclaimed again,yes", friday}} {
		c.take(t, timetable.Holidays, "day,name,delete", step.line)
		cal, err := c.store.Judgements().Calendar(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := cal.AddWorkingDays(friday.Add(-1), 1); got != step.want {
			t.Errorf("after %q the next working day is %s, want %s", step.line, got, step.want)
		}
	}
}

const eventsHead = "event_id,date,start,end,room_id,module_id,student_id"

// fill makes two buildings. Ada holds two cards, Bob one that was lost, Cy none, Di one.
func (c *campus) fill(t testing.TB) {
	t.Helper()
	c.take(t, timetable.Rooms, "building_id,building_name,room_id,room_name,point_id", "A,A,A-1,A-1,A-1/door", "A,A,A-2,A-2,A-2/door", "A,A,A-1,A-1,A-1/back", "B,B,B-1,B-1,B-1/door")
	c.take(t, timetable.Students, "student_id,name", "ada,Ada", "bob,Bob", "cy,Cy", "di,Di")
	c.take(t, timetable.Cards, "student_id,card,status,valid_from,valid_to", "ada,w26:1:1,,,", "ada,w26:1:2,,,", "bob,w26:1:3,lost,,", "di,w26:1:4,,,",
		"cy,w26:1:5,,2026-10-02,", "di,w26:1:6,,,2026-09-30")
	c.take(t, timetable.Sessions, eventsHead,
		"past,2026-09-29,09:00,10:00,A-1,LAW,ada", // over for more than a day
		"yesterday,2026-09-30,09:00,10:00,A-1,LAW,ada", "yesterday,2026-09-30,09:00,10:00,A-1,LAW,di",
		"both,2026-10-02,09:00,10:00,A-1,LAW,di", "both,2026-10-02,09:00,10:00,B-1,LAW,ada",
		"elsewhere,2026-10-02,09:00,10:00,B-1,LAW,bob",
		"cy,2026-10-03,09:00,10:00,A-2,LAW,cy",
		"last,2026-10-15,09:00,10:00,A-2,LAW,bob",
		"far,2026-10-17,09:00,10:00,A-2,LAW,ada",
	)
}

func digestOf(n int) contract.Digest {
	return contract.DigestOf([]byte("campus"), fmt.Sprintf("w26:1:%d", n))
}

func (c *campus) published(t testing.TB, building string) *contract.Timetable {
	t.Helper()
	p, err := c.store.Publication(t.Context(), building, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Verify(&c.key.PublicKey, p.Document, p.Signature); err != nil {
		t.Fatal(err)
	}
	got, err := p.Decode()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The expectation is written out by hand; only the order of holders, which is that of their digests, is sorted here.
func TestPublicationOfABuilding(t *testing.T) {
	c := newCampus(t)
	c.fill(t)
	if err := c.publisher.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	sorted := func(numbers ...int) []contract.Digest {
		var out []contract.Digest
		for _, n := range numbers {
			out = append(out, digestOf(n))
		}
		slices.SortFunc(out, func(a, b contract.Digest) int { return bytes.Compare(a[:], b[:]) })
		return out
	}
	people := map[string]contract.Holder{
		"ada": {Digests: sorted(1, 2)},
		"bob": {Digests: []contract.Digest{}, Blocked: sorted(3)},
		"di":  {Digests: sorted(4), Blocked: sorted(6)}, // an expired card is refused like a lost one
	}
	first := map[string]contract.Digest{"ada": people["ada"].Digests[0], "bob": digestOf(3), "di": digestOf(4)}
	order := []string{"ada", "bob", "di"} // cy's card begins tomorrow
	slices.SortFunc(order, func(a, b string) int { x, y := first[a], first[b]; return bytes.Compare(x[:], y[:]) })
	place := map[string]uint32{}
	var holders []contract.Holder
	for i, who := range order {
		place[who] = uint32(i)
		holders = append(holders, people[who])
	}
	adaAndDi := []uint32{place["ada"], place["di"]}
	slices.Sort(adaAndDi)
	lecture := func(id, day string, list uint32, rooms ...string) contract.Session {
		start, err := time.Parse(time.RFC3339, day+"T08:00:00Z")
		if err != nil {
			t.Fatal(err)
		}
		return contract.Session{ID: id, Rooms: rooms, StartsAt: start, EndsAt: start.Add(time.Hour), OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour), List: list}
	}
	want := &contract.Timetable{
		Version: 1, Building: "A", MadeAt: c.now, ValidUntil: time.Date(2026, 10, 16, 0, 0, 0, 0, time.UTC),
		Points:  []contract.Point{{ID: "A-1/back", Room: "A-1"}, {ID: "A-1/door", Room: "A-1"}, {ID: "A-2/door", Room: "A-2"}},
		Holders: holders,
		Lists:   []contract.List{{Holders: adaAndDi}, {Holders: []uint32{}}, {Holders: []uint32{place["bob"]}}},
		Sessions: []contract.Session{
			lecture("yesterday", "2026-09-30", 0, "A-1"), lecture("both", "2026-10-02", 0, "A-1", "B-1"),
			lecture("cy", "2026-10-03", 1, "A-2"), lecture("last", "2026-10-15", 2, "A-2"),
		},
	}
	if diff := cmp.Diff(want, c.published(t, "A")); diff != "" {
		t.Errorf("timetable of A differs (-want +got):\n%s", diff)
	}
	var ids []string
	for _, s := range c.published(t, "B").Sessions {
		ids = append(ids, s.ID)
	}
	if want := []string{"both", "elsewhere"}; !cmp.Equal(ids, want) {
		t.Errorf("sessions of B = %v, want %v", ids, want)
	}
}

func TestVersionsGrowWithChangesOnly(t *testing.T) {
	c := newCampus(t)
	c.fill(t)
	versions := func() string {
		if err := c.publisher.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(c.column(t, `SELECT building_id || version FROM publication ORDER BY building_id`))
	}
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"first", func() {}, "[A1 B1]"},
		{"nothing happened", func() { c.now = c.now.Add(time.Hour) }, "[A1 B1]"},
		{"a name changed, which no gateway knows", func() { c.take(t, timetable.Students, "student_id,name", "ada,Ada L.") }, "[A1 B1]"},
		{"a session beyond the horizon", func() { c.take(t, timetable.Sessions, eventsHead, "far,2026-10-18,09:00,10:00,A-2,LAW,ada") }, "[A1 B1]"},
		{"a session of one building", func() { c.take(t, timetable.Sessions, eventsHead, "new,2026-10-05,09:00,10:00,B-1,LAW,ada") }, "[A1 B2]"},
		{"a card, which every building knows", func() { c.take(t, timetable.Cards, "student_id,card", "cy,w26:1:7") }, "[A2 B3]"},
		{"the next day: the horizon moves, and cy's card begins", func() { c.now = c.now.Add(14 * time.Hour) }, "[A3 B4]"},
	}
	for _, s := range steps {
		s.do()
		if got := versions(); got != s.want {
			t.Errorf("%s: versions = %s, want %s", s.name, got, s.want)
		}
	}
}

func TestWaitForATimetable(t *testing.T) {
	c := newCampus(t)
	c.fill(t)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- c.publisher.Run(ctx) }()

	first, err := c.publisher.Wait(t.Context(), "A", 0, time.Minute)
	if err != nil || first.Version != 1 {
		t.Fatalf("Wait from 0 = version %d, %v; want 1", first.Version, err)
	}
	if _, err := c.publisher.Wait(t.Context(), "A", 1, 0); !errors.Is(err, timetable.ErrUnchanged) {
		t.Errorf("Wait for no time = %v, want ErrUnchanged", err)
	}
	if _, err := c.publisher.Wait(t.Context(), "nowhere", 0, 0); !errors.Is(err, timetable.ErrUnchanged) {
		t.Errorf("Wait for a building without a timetable = %v, want ErrUnchanged", err)
	}
	if restored, err := c.publisher.Wait(t.Context(), "A", 9, 0); err != nil || restored.Version != 1 {
		t.Errorf("Wait of a gateway that is ahead of a restored database = version %d, %v; want 1", restored.Version, err)
	}

	// Another process imports: the waiter wakes although nobody told the publisher.
	type answer struct {
		p   timetable.Publication
		err error
	}
	woken := make(chan answer, 1)
	go func() {
		p, err := c.publisher.Wait(t.Context(), "A", 1, time.Minute)
		woken <- answer{p, err}
	}()
	other := c.importerOver(openAt(t, c.place))
	file := eventsHead + "\nnew,2026-10-05,09:00,10:00,A-1,LAW,ada\n"
	if _, err := other.Import(t.Context(), timetable.Sessions, strings.NewReader(file), timetable.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := <-woken; got.err != nil || got.p.Version != 2 {
		t.Errorf("Wait = version %d, %v; want 2", got.p.Version, got.err)
	}

	go func() {
		p, err := c.publisher.Wait(t.Context(), "A", 2, time.Minute)
		woken <- answer{p, err}
	}()
	stop()
	if got := <-woken; !errors.Is(got.err, timetable.ErrUnchanged) {
		t.Errorf("Wait over a stop = %v, want ErrUnchanged", got.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestImportIsIdempotent(t *testing.T) {
	c := newCampus(t)
	c.fill(t)
	before := c.column(t, `SELECT count(*) FROM import`)
	c.exec(t, `DELETE FROM dirty`)
	c.fill(t)
	if got := c.column(t, `SELECT count(*) FROM import`); !cmp.Equal(got, before) {
		t.Errorf("imports = %v after the same files again, want %v", got, before)
	}
	if got := c.column(t, `SELECT student_id FROM dirty`); len(got) > 0 {
		t.Errorf("dirty = %v after the same files again, want nobody", got)
	}
}

// What goes wrong halfway through an import leaves nothing of it.
func TestImportIsAllOrNothing(t *testing.T) {
	for _, table := range []string{"module", "session", "session_room", "expected", "dirty", "import"} {
		t.Run(table, func(t *testing.T) {
			c := newCampus(t)
			c.fill(t)
			c.exec(t, `DELETE FROM dirty`)
			before := c.column(t, `SELECT id FROM session ORDER BY id`)
			breakTable(t, c.store, table)
			file := eventsHead + "\nnew,2026-10-05,09:00,10:00,A-1,ART,ada\nboth,2026-10-02,09:00,10:00,A-1,LAW,ada\n"
			if _, err := c.importer.Import(t.Context(), timetable.Sessions, strings.NewReader(file), timetable.Options{}); err == nil {
				t.Fatal("Import = nil, want the failure")
			}
			if got := c.column(t, `SELECT id FROM session ORDER BY id`); !cmp.Equal(got, before) {
				t.Errorf("sessions = %v after the failure, want %v", got, before)
			}
			if got := c.column(t, `SELECT room_id FROM session_room WHERE session_id = 'both' ORDER BY room_id`); !cmp.Equal(got, []string{"A-1", "B-1"}) {
				t.Errorf("rooms of a session = %v after the failure, want both as before", got)
			}
			if got := c.column(t, `SELECT student_id FROM dirty`); len(got) > 0 {
				t.Errorf("dirty = %v after the failure, want nobody", got)
			}
		})
	}
}

// What is written is what is read: a second plan sees what the first import stored.
func TestImportedSessionsReadBack(t *testing.T) {
	c := newCampus(t)
	c.fill(t)
	c.take(t, timetable.Sessions, eventsHead+",delete", "both,,,,,,di,yes")
	c.take(t, timetable.Sessions, eventsHead+",type,mandatory,delivery,staff_id", "both,2026-10-02,10:00,11:00,B-1,LAW,,seminar,no,hybrid,t1")
	err := c.store.Plan(t.Context(), func(state timetable.State) error {
		got, err := state.Sessions(t.Context(), []string{"both", "unknown"})
		start := time.Date(2026, 10, 2, 9, 0, 0, 0, time.UTC)
		want := []timetable.Session{{
			ID: "both", Module: "LAW", Kind: "seminar", Delivery: "hybrid", Staff: "t1", StartsAt: start, EndsAt: start.Add(time.Hour),
			OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour), Rooms: []string{"B-1"}, Students: []string{"ada"},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("session differs (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkImport takes in the timetable of the demo's campus: 600 sessions of 30 students.
func BenchmarkImport(b *testing.B) { onEngine(b, benchmarkImport) }

func benchmarkImport(b *testing.B) {
	var students, events strings.Builder
	students.WriteString("student_id,name\n")
	for i := range 600 {
		fmt.Fprintf(&students, "%06d,Student\n", i)
	}
	events.WriteString(eventsHead + "\n")
	for e := range 600 {
		day := time.Date(2026, 10, 1+e%60, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		for k := range 30 {
			fmt.Fprintf(&events, "E%d,%s,%02d:00,%02d:50,A-1,M%d,%06d\n", e, day, 8+e/60, 8+e/60, e%40, (e*7+k*19)%600)
		}
	}
	for b.Loop() {
		b.StopTimer()
		c := newCampus(b)
		c.take(b, timetable.Rooms, "building_id,building_name,room_id,room_name", "A,A,A-1,A-1")
		c.take(b, timetable.Students, strings.TrimSpace(students.String()))
		b.StartTimer()
		c.take(b, timetable.Sessions, strings.TrimSpace(events.String()))
	}
	b.ReportMetric(18000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
