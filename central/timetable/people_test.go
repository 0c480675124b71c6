package timetable

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
)

func instantOf(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The validity of a card is in London days: from the first instant of the first to the last millisecond of the last.
func TestCards(t *testing.T) {
	m := smallCampus()
	held := contract.DigestOf([]byte("campus"), "w26:9:9")
	m.cards = []Card{{Digest: held, Student: "s2"}}
	rows := "00123,uid:04a2b3c4d5e680,2026-10-05,2026-10-25,active\n" + "s2,w26:9:9,,,lost\n" + "s2,w26:9:10,,,\n"
	diff, err := m.take(t, Cards, cardsHead+rows, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Card{
		{Digest: contract.DigestOf([]byte("campus"), "uid:04A2B3C4D5E680"), Student: "00123",
			From: instantOf(t, "2026-10-04T23:00:00Z"), To: instantOf(t, "2026-10-25T23:59:59.999Z")},
		{Digest: held, Student: "s2", Blocked: true},
		{Digest: contract.DigestOf([]byte("campus"), "w26:9:10"), Student: "s2"},
	}
	if d := cmp.Diff(want, m.change.Cards); d != "" {
		t.Errorf("cards differ (-want +got):\n%s", d)
	}
	if diff.Added != 2 || diff.Changed != 1 {
		t.Errorf("diff = %+v, want 2 added and 1 changed", diff)
	}
}

func TestACardMovesToAnotherHolderOnlyWithForce(t *testing.T) {
	m := smallCampus()
	m.cards = []Card{{Digest: contract.DigestOf([]byte("campus"), "w26:9:9"), Student: "s2"}}
	content := cardsHead + "00123,w26:9:9,,,\n"
	if _, err := m.take(t, Cards, content, Options{}); !errors.Is(err, ErrGuard) || m.change != nil {
		t.Fatalf("Import = %v, change %v; want ErrGuard and none", err, m.change)
	}
	diff, err := m.take(t, Cards, content, Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"00123", "s2"}; !cmp.Equal(m.change.Dirty, want) {
		t.Errorf("dirty = %v, want %v: both lose or gain taps", m.change.Dirty, want)
	}
	if want := []string{"line 2 moves a card from student s2 to student 00123, with every tap it ever made"}; !cmp.Equal(diff.Warnings, want) {
		t.Errorf("warnings = %q, want %q", diff.Warnings, want)
	}
}

func TestAbsences(t *testing.T) {
	m := smallCampus()
	m.absences = []Absence{{Student: "s2", From: instantOf(t, "2026-09-30T23:00:00Z"), To: instantOf(t, "2026-10-01T22:59:59.999Z"), Reason: "ill", Actor: "Dr No"}}
	rows := "s2,2026-10-01,2026-10-01,ill,Dr No\n" + // as it is there
		"00123,2026-10-24,2026-10-26,wedding,Dr No\n" + // across the change of clocks
		"00123,2026-10-05 09:00,2026-10-05T11:30,court,Dr No\n" + // two classes of a day
		"00123,2026-10-05 09:00,2026-10-05T11:30,court,Dr No\n"
	diff, err := m.take(t, Absences, "student_id,from,to,reason,approved_by\n"+rows, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Absence{
		{"00123", instantOf(t, "2026-10-23T23:00:00Z"), instantOf(t, "2026-10-26T23:59:59.999Z"), "wedding", "Dr No", nil},
		{"00123", instantOf(t, "2026-10-05T08:00:00Z"), instantOf(t, "2026-10-05T10:30:00Z"), "court", "Dr No", nil},
	}
	if d := cmp.Diff(want, m.change.Absences); d != "" {
		t.Errorf("absences differ (-want +got):\n%s", d)
	}
	if diff.Unchanged != 1 || diff.Added != 2 || len(diff.Warnings) != 1 {
		t.Errorf("diff = %+v, want 1 unchanged, 2 added and a warning", diff)
	}
}

func TestApprovalsOfAbsences(t *testing.T) {
	m := smallCampus()
	ill := Absence{Student: "s2", From: instantOf(t, "2026-09-30T23:00:00Z"), To: instantOf(t, "2026-10-01T22:59:59.999Z"), Reason: "ill", Actor: "Dr No"}
	m.absences = []Absence{ill}
	m.absences[0].Approvals = []Approval{{"course_lead", "a.smith"}}
	const head = "student_id,from,to,reason,approved_by,approvals\n"
	file := head + "s2,2026-10-01,2026-10-01,ill,Dr No,course_lead: a.smith; head_of_registry: b.jones;\n" +
		"s2,2026-10-08,2026-10-08,court,Dr No,head_of_registry:b.jones\n"
	diff, err := m.take(t, Absences, file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	court := Absence{"s2", instantOf(t, "2026-10-07T23:00:00Z"), instantOf(t, "2026-10-08T22:59:59.999Z"), "court", "Dr No", []Approval{{"head_of_registry", "b.jones"}}}
	ill.Approvals = []Approval{{"head_of_registry", "b.jones"}} // the one that is new
	if d := cmp.Diff([]Absence{court}, m.change.Absences); d != "" {
		t.Errorf("new absences differ (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Absence{ill}, m.change.Approved); d != "" {
		t.Errorf("approved absences differ (-want +got):\n%s", d)
	}
	if diff.Added != 1 || diff.Changed != 1 || !cmp.Equal(m.change.Dirty, []string{"s2", "s2"}) {
		t.Errorf("diff = %+v, dirty %v; want one added, one changed, and the student judged again", diff, m.change.Dirty)
	}
}

func TestPointsWherePeopleLeave(t *testing.T) {
	m := smallCampus()
	if _, err := m.take(t, Rooms, "building_id,building_name,room_id,room_name,point_id,direction\nA,A,A-101,Room 101,A-101/out,OUT\nA,A,A-101,Room 101,A-101/door,in\n", Options{}); err != nil {
		t.Fatal(err)
	}
	if want := []Point{{"A-101/out", "A-101", true}}; !cmp.Equal(m.change.Points, want) {
		t.Errorf("points = %+v, want %+v", m.change.Points, want)
	}
}

func TestTermsRoomsAndStudents(t *testing.T) {
	m := smallCampus()
	m.terms = []calendar.Term{{ID: "a", Name: "Autumn", First: calendar.Day{Year: 2026, Month: 9, Day: 28}, Last: calendar.Day{Year: 2026, Month: 12, Day: 11}}}
	if _, err := m.take(t, Terms, "term_id,name,first_day,last_day\na,Autumn,2026-09-28,2026-12-18\n", Options{}); err != nil {
		t.Fatal(err)
	}
	if !m.change.AllDirty || len(m.change.Terms) != 1 || m.change.Terms[0].Last.String() != "2026-12-18" {
		t.Errorf("change = %+v, want the term longer and everybody dirty", m.change)
	}

	rooms := "building_id,building_name,room_id,room_name,point_id\nA,Building A,A-101,Room 101,A-101/door\nA,Building A,A-101,Room 101,A-101/back\nB,,B-1,,\n"
	if _, err := m.take(t, Rooms, rooms, Options{}); err != nil {
		t.Fatal(err)
	}
	got := Places{m.change.Buildings, m.change.Rooms, m.change.Points}
	want := Places{[]Building{{"B", "B"}}, []Room{{ID: "B-1", Building: "B", Name: "B-1"}}, []Point{{ID: "A-101/back", Room: "A-101"}}}
	if d := cmp.Diff(want, got); d != "" || !m.change.AllDirty {
		t.Errorf("places differ (-want +got):\n%s", d)
	}

	students := studentsHead + "00123,Ada Lovelace,ada@example.ac.uk,Maths,BSc,6,yes\ns2,Bob,,,,,\n"
	if _, err := m.take(t, Students, students, Options{}); err != nil {
		t.Fatal(err)
	}
	ada := Student{ID: "00123", Name: "Ada Lovelace", Email: "ada@example.ac.uk", Department: "Maths", Programme: "BSc", Level: "6", Visa: true}
	if d := cmp.Diff([]Student{ada}, m.change.Students, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("students differ (-want +got):\n%s", d)
	}
	if want := []string{"00123"}; !cmp.Equal(m.change.Dirty, want) {
		t.Errorf("dirty = %v, want %v", m.change.Dirty, want)
	}
}

func TestHolidays(t *testing.T) {
	m := smallCampus()
	proclaimed, mistaken := calendar.Day{Year: 2028, Month: 6, Day: 2}, calendar.Day{Year: 2028, Month: 7, Day: 3}
	m.holidays = []Holiday{{Day: mistaken, Name: "Mistake"}}
	diff, err := m.take(t, Holidays, "day,name,delete\n2028-06-02,Proclaimed,\n2028-07-03,Mistake,yes\n2028-07-04,Never there,yes\n", Options{})
	if err != nil || diff.Added != 1 || diff.Removed != 1 || diff.Unchanged != 1 || !m.change.AllDirty {
		t.Errorf("diff = %+v, %v; want one added, one removed, one unchanged, and everybody judged again", diff, err)
	}
	if d := cmp.Diff([]Holiday{{Day: proclaimed, Name: "Proclaimed"}, {Day: mistaken, Name: "Mistake", Deleted: true}}, m.change.Holidays); d != "" {
		t.Errorf("holidays differ (-want +got):\n%s", d)
	}
	_, err = m.take(t, Holidays, "day,name\n2026-12-25,Christmas\n", Options{})
	faults, _ := errors.AsType[Faults](err)
	want := Faults{{Line: 2, Column: "day", Problem: "2026-12-25 is known already as Christmas Day", Advice: "delete the line"}}
	if d := cmp.Diff(want, faults); d != "" {
		t.Errorf("faults differ (-want +got):\n%s", d)
	}
}

func TestWaysToStudy(t *testing.T) {
	m := smallCampus()
	if _, err := m.take(t, Students, "student_id,name,delivery\ns9,Di,distance\n", Options{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Student{{ID: "s9", Name: "Di", Delivery: "distance"}}, m.change.Students); d != "" {
		t.Errorf("students differ (-want +got):\n%s", d)
	}
	_, err := m.take(t, Students, "student_id,name,delivery\ns9,Di,at home\n", Options{})
	faults, _ := errors.AsType[Faults](err)
	want := Faults{{Line: 2, Column: "delivery", Problem: `"at home" is not a way to study`, Advice: "write campus, distance or placement"}}
	if d := cmp.Diff(want, faults); d != "" {
		t.Errorf("faults differ (-want +got):\n%s", d)
	}
}

func TestRow37StudentNumbersOfASiteHaveOneLength(t *testing.T) {
	m := smallCampus()
	i := m.importer()
	i.o.StudentDigits = 5
	_, err := i.Import(t.Context(), Students, reader(studentsHead+"124,Cy,,,,,\nguest,Di,,,,,\n00125,Ed,,,,,\n"), Options{})
	faults, _ := errors.AsType[Faults](err)
	want := Faults{{Line: 2, Column: "student_id", Problem: `"124" has 3 digits where student numbers have 5`, Advice: "if leading zeros were lost, format the column as text and export it again"}}
	if d := cmp.Diff(want, faults); d != "" {
		t.Errorf("faults differ (-want +got):\n%s", d)
	}

	diff, err := m.take(t, Students, studentsHead+"124,Cy,,,,,\n00125,Ed,,,,,\n", Options{})
	if err != nil || len(diff.Warnings) != 1 {
		t.Errorf("without a rule: %q, %v; want one warning about lengths", diff.Warnings, err)
	}
}
