package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// present is when the tests take place: Thursday 19 November 2026, 10:20 in London.
var present = time.Date(2026, 11, 19, 10, 20, 0, 0, time.UTC)

// college is a report.Source over a made-up college in memory. Its questions to a real database are tested in central/store;
// here it is what pages are drawn from.
type college struct {
	terms    []report.Term
	totals   report.Totals
	tallies  []report.Tally
	students []report.StudentRow
	sessions []report.Session
	contacts map[string][]report.Contact // by student
	credited map[string][]report.Tap
	taps     map[string][]report.Tap
	findings map[string][]report.Finding
	absences map[string][]report.Absence
	facts    map[string][]report.Fact
	past     map[string][]report.PastMark
	rows     map[string][]report.RegisterRow // by session
	coverage []report.Span
	gateways []report.GatewayRow
	streams  []report.Stream
	octets   []byte

	mu         sync.Mutex // guards everything that follows
	amendments []report.Amendment
	closures   []report.Closure
	signatures []report.Signature
	headcounts []report.Headcount
	changed    []register.Change
	arrived    []report.Tap
	broken     error // answered by every question about students
}

func (c *college) Terms(context.Context) ([]report.Term, error) { return c.terms, nil }

func (c *college) Totals(context.Context, string) (report.Totals, error) { return c.totals, nil }

func (c *college) ModuleTotals(context.Context, string) ([]report.ModuleTotal, error) {
	return []report.ModuleTotal{
		{Module: "CS101", Title: "Programming", Rate: report.Rate{Attended: 9, Counted: 10}},
		{Module: "ECO120", Title: "Markets", Rate: report.Rate{Attended: 1, Counted: 4}},
	}, nil
}

// Modules is asked twice: whoever asks behind the last student gets nothing.
func (c *college) Modules(_ context.Context, _, after string, _ int) ([]report.ModuleRate, error) {
	if after != "" {
		return nil, nil
	}
	return []report.ModuleRate{{Student: "s1", Module: "CS101", Rate: report.Rate{Attended: 2, Counted: 3}}, {Student: "s2", Module: "=ECO", Rate: report.Rate{}}}, nil
}

func (c *college) Weekly(context.Context, string) ([]report.Tally, error) {
	return c.tallies, nil
}

func (c *college) WeeksOf(_ context.Context, _ string, students []string) (out []report.StudentTally, err error) {
	for i, id := range students {
		for w := range 9 {
			attended := int64(3 - (i*7+w*5)%11/5)
			out = append(out, report.StudentTally{Student: id, Tally: report.Tally{
				StartsAt: present.AddDate(0, 0, -7*w), Rate: report.Rate{Attended: attended, Counted: 3},
			}})
		}
	}
	return out, nil
}

func (c *college) chosen(f report.Filter) []report.StudentRow {
	var out []report.StudentRow
	for _, s := range c.students {
		level := s.Standing.Level
		if !f.Sponsorship {
			level = min(level, report.FinalWarning)
		}
		if (f.Search == "" || strings.Contains(strings.ToLower(s.Name), strings.ToLower(f.Search)) || strings.HasPrefix(s.ID, f.Search)) &&
			(f.Department == "" || s.Department == f.Department) && (f.Level == nil || level == *f.Level) && (!f.Visa || s.Visa) {
			out = append(out, s)
		}
	}
	return out
}

func (c *college) CountStudents(_ context.Context, _ string, f report.Filter) (int, error) {
	return len(c.chosen(f)), nil
}

func (c *college) Students(_ context.Context, _ string, f report.Filter) ([]report.StudentRow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return nil, c.broken
	}
	rows := c.chosen(f)
	if f.Order == report.ByNumber {
		slices.SortFunc(rows, func(a, b report.StudentRow) int { return strings.Compare(a.ID, b.ID) })
		rows = slices.DeleteFunc(rows, func(r report.StudentRow) bool { return r.ID <= f.After })
	}
	rows = rows[min(f.Offset, len(rows)):]
	if f.Limit > 0 {
		rows = rows[:min(f.Limit, len(rows))]
	}
	return slices.Clone(rows), nil
}

func (c *college) Departments(context.Context) ([]string, error) {
	var names []string
	for _, s := range c.students {
		if !slices.Contains(names, s.Department) {
			names = append(names, s.Department)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (c *college) StudentRow(_ context.Context, _, id string) (report.StudentRow, error) {
	for _, s := range c.students {
		if s.ID == id {
			return s, nil
		}
	}
	return report.StudentRow{}, report.ErrNotFound
}

func (c *college) Contacts(_ context.Context, id string, _, _ time.Time) ([]report.Contact, error) {
	return slices.Clone(c.contacts[id]), nil
}

// Findings answers by number, as if nothing else were asked but what pages and roles differ in.
func (c *college) Findings(_ context.Context, f report.FindingFilter) (out []report.Finding, err error) {
	for _, s := range c.students {
		for _, found := range c.findings[s.ID] {
			found.Student, found.Name, found.Department = s.ID, s.Name, s.Department
			if c.asked(found, f) && (f.Rule == "" || f.Rule == found.Rule) && (!f.ByID || found.ID > f.After) {
				out = append(out, found)
			}
		}
	}
	if f.ByID {
		slices.SortFunc(out, func(a, b report.Finding) int { return int(a.ID - b.ID) })
	}
	out = out[min(f.Offset, len(out)):]
	if f.Limit > 0 {
		out = out[:min(f.Limit, len(out))]
	}
	return out, nil
}

func (c *college) asked(found report.Finding, f report.FindingFilter) bool {
	return (f.Student == "" || f.Student == found.Student) && (f.Search == "" || strings.Contains(found.Name, f.Search)) &&
		(f.Opens == "" || f.Opens == found.Opens) && (!f.Due || found.Deadline != "") &&
		(f.State == report.EitherWay || (f.State == report.Superseded) == (found.SupersededAt != nil)) &&
		(f.Sponsorship || slices.Contains(report.PlainRules(), found.Rule))
}

func (c *college) CountFindings(_ context.Context, f report.FindingFilter) (out []report.RuleCount, err error) {
	f.Rule, f.Limit, f.Offset = "", 0, 0
	all, err := c.Findings(context.Background(), f)
	for _, found := range all {
		i := slices.IndexFunc(out, func(n report.RuleCount) bool { return n.Rule == found.Rule })
		if i < 0 {
			i, out = len(out), append(out, report.RuleCount{Rule: found.Rule})
		}
		out[i].Total++
		if found.Opens == rules.Case {
			out[i].Cases++
		}
		if found.Deadline != "" {
			out[i].Due++
		}
		if found.Deadline != "" && found.Deadline < f.Today {
			out[i].Passed++
		}
	}
	return out, err
}

func (c *college) FactsOf(_ context.Context, id string, _, _ time.Time) ([]report.Fact, error) {
	return slices.Clone(c.facts[id]), nil
}

func (c *college) PastMarksOf(_ context.Context, id string) ([]report.PastMark, error) {
	return slices.Clone(c.past[id]), nil
}

func (c *college) Absences(_ context.Context, id string) ([]report.Absence, error) {
	return c.absences[id], nil
}

func (c *college) TapsOfStudent(_ context.Context, id string, _, _ time.Time) ([]report.Tap, error) {
	return slices.Concat(c.credited[id], c.taps[id]), nil
}

func (c *college) CreditedTaps(_ context.Context, id string, _, _ time.Time) ([]report.Tap, error) {
	return c.credited[id], nil
}

func (c *college) AmendmentsOf(_ context.Context, id string) ([]report.Amendment, error) {
	return c.amended(func(a report.Amendment) bool { return a.Student == id }), nil
}

func (c *college) AmendmentsIn(_ context.Context, id string) ([]report.Amendment, error) {
	return c.amended(func(a report.Amendment) bool { return a.Session == id }), nil
}

func (c *college) amended(keep func(report.Amendment) bool) (out []report.Amendment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.amendments {
		if keep(a) {
			out = append(out, a)
		}
	}
	return out
}

func (c *college) Sessions(_ context.Context, q report.SessionQuery) (out []report.Session, err error) {
	for _, s := range c.sessions {
		after := q.AfterID == "" || s.StartsAt.After(q.After) || (s.StartsAt.Equal(q.After) && s.ID > q.AfterID)
		if s.StartsAt.Before(q.To) && s.EndsAt.After(q.From) && after && (q.Limit == 0 || len(out) < q.Limit) {
			if q.Timetable {
				s.Rooms = nil
			}
			out = append(out, s)
		}
	}
	return out, nil
}

func (c *college) Place(_ context.Context, sessions []report.Session) error {
	for i := range sessions {
		for _, s := range c.sessions {
			if s.ID == sessions[i].ID {
				sessions[i].Rooms = s.Rooms
			}
		}
	}
	return nil
}

// Count has nothing to add: the sessions here have their counts.
func (c *college) Count(context.Context, []report.Session) error { return nil }

func (c *college) Session(_ context.Context, id string) (report.Session, error) {
	for _, s := range c.sessions {
		if s.ID == id {
			return s, nil
		}
	}
	return report.Session{}, report.ErrNotFound
}

func (c *college) RegisterRows(_ context.Context, id string) ([]report.RegisterRow, error) {
	return c.rows[id], nil
}

func (c *college) ClosuresOf(context.Context, string) ([]report.Closure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.closures), nil
}

func (c *college) PointsOf(context.Context, string) ([]report.Coverage, error) {
	return []report.Coverage{{Point: "A-101/door", Room: "A-101", Building: "Library", Gateways: []string{"gw-library"}}}, nil
}

func (c *college) CoverageOf(context.Context, string, time.Time, time.Time) ([]report.Span, error) {
	return slices.Clone(c.coverage), nil
}

// PointsIn and HearingOf know one door, which was deaf for a while this morning and whose gateway was off yesterday noon.
func (c *college) PointsIn(context.Context, []string) ([]report.RoomPoint, error) {
	until := present.Add(-time.Minute)
	return []report.RoomPoint{{Point: "A-101/door", Room: "A-101", Building: "Library", HeardUntil: &until}}, nil
}

func (c *college) HearingOf(context.Context, []string, time.Time, time.Time) (map[string][]report.Heard, error) {
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, 11, day, hour, minute, second, 0, time.UTC)
	}
	heard := func(since, until time.Time, why report.Reason) report.Heard {
		return report.Heard{Span: report.Span{Since: since, Until: until}, Why: why}
	}
	return map[string][]report.Heard{"A-101/door": {
		heard(at(1, 0, 0, 0), at(18, 11, 20, 0), ""), heard(at(18, 13, 0, 0), at(19, 8, 12, 30), ""), heard(at(19, 8, 40, 0), present.Add(-time.Minute), ""),
		heard(at(19, 8, 12, 30), at(19, 8, 40, 0), report.ReaderDown),
	}}, nil
}

func (c *college) Taps(_ context.Context, q report.TapQuery) (out []report.Tap, err error) {
	for _, t := range c.credited["s1"] {
		id, err := contract.ParseTapID(t.ID)
		if err != nil {
			return nil, err
		}
		if id.Seq > q.After.Seq && len(out) < q.Limit {
			out = append(out, t)
		}
	}
	return out, nil
}

func (c *college) RecentTaps(_ context.Context, limit int) (out []report.Tap, err error) {
	for id, taps := range c.credited {
		out = append(out, taps...)
		out = append(out, c.taps[id]...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out = append(out, c.arrived...)
	slices.SortFunc(out, func(a, b report.Tap) int { return b.At.Compare(a.At) })
	return out[:min(limit, len(out))], nil
}

func (c *college) Tap(_ context.Context, id contract.TapID) (report.Tap, error) {
	for _, taps := range c.credited {
		for _, t := range taps {
			if t.ID == id.String() {
				return t, nil
			}
		}
	}
	return report.Tap{}, report.ErrNotFound
}

func (c *college) RecordOf(context.Context, contract.TapID) ([]byte, time.Time, error) {
	return c.octets, present, nil
}

func (c *college) GatewayRows(context.Context) ([]report.GatewayRow, error) { return c.gateways, nil }

func (c *college) Streams(context.Context) ([]report.Stream, error) { return c.streams, nil }

func (c *college) Publications(context.Context) (map[string]uint64, error) {
	return map[string]uint64{"Library": 42, "Engineering": 42}, nil
}

// AddAmendment and CloseRegister make the college a Facts too.
func (c *college) AddAmendment(_ context.Context, a report.Amendment) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range c.rows[a.Session] {
		if row.Student == a.Student {
			c.amendments = append(c.amendments, a)
			return nil
		}
	}
	return report.ErrNotFound
}

func (c *college) CloseRegister(_ context.Context, _ string, closure report.Closure) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closures = append(c.closures, closure)
	return nil
}

func (c *college) AddSignature(_ context.Context, _ string, g report.Signature) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signatures = append(c.signatures, g)
	return nil
}

func (c *college) AddHeadcount(_ context.Context, _ string, h report.Headcount) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headcounts = append(c.headcounts, h)
	return nil
}

func (c *college) SignaturesOf(context.Context, string) ([]report.Signature, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.signatures), nil
}

func (c *college) HeadcountsOf(context.Context, string) ([]report.Headcount, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headcounts), nil
}

func (c *college) ChangesOf(context.Context, string) ([]register.Change, error) {
	return c.changed, nil
}

const streamOfTests = "5f3a1c0e9b7d2468"

func tapID(seq int) string { return fmt.Sprintf("%s/%d", streamOfTests, seq) }

var (
	givenNames  = strings.Fields("Aisha Oliver Mei Daniel Fatima Jack Sofia Kwame Emily Arjun Chloe Mateusz Yuki Grace Omar Hannah Lucas Zainab Tom Ngozi")
	familyNames = strings.Fields("Khan Smith Chen Okafor Patel Jones Nowak Garcia Osei Taylor Singh")
	faculties   = strings.Fields("Computing Law Nursing Architecture Economics History")
	teaching    = [][2]string{{"CS101", "Programming"}, {"LAW204", "Contract law"}, {"NUR110", "Anatomy"}, {"ARC300", "Structures"}, {"ECO120", "Microeconomics"}}
)

// newCollege makes 64 students, a day of sessions, two gateways of which one is silent, and everything a page can show.
func newCollege(t testing.TB) *college {
	t.Helper()
	c := &college{
		terms:    []report.Term{{ID: "2026-autumn", Name: "Autumn term", FirstDay: "2026-09-28", LastDay: "2026-12-18"}},
		contacts: make(map[string][]report.Contact), credited: make(map[string][]report.Tap), taps: make(map[string][]report.Tap),
		absences: make(map[string][]report.Absence), rows: make(map[string][]report.RegisterRow),
		coverage: []report.Span{{Since: present.Add(-50 * time.Minute), Until: present.Add(-time.Minute)}},
	}
	c.enrol()
	c.teach()
	c.tap()
	c.connect()
	c.octets = encodeTap(t)
	return c
}

// enrol makes the students, worst first.
func (c *college) enrol() {
	levels := []report.Level{report.ReportToUKVI, report.ReportToUKVI, report.FinalWarning, report.FinalWarning, report.SecondWarning, report.SecondWarning, report.FirstWarning, report.FirstWarning}
	seen := present.Add(-22 * time.Minute)
	for i := range 64 {
		s := report.StudentRow{
			ID: fmt.Sprintf("s%d", i+1), Name: givenNames[i%len(givenNames)] + " " + familyNames[(i*3)%len(familyNames)], Visa: i%5 == 0 || i < 2,
			Department: faculties[i%len(faculties)], Programme: "BSc " + faculties[i%len(faculties)], Study: "6", Email: fmt.Sprintf("s%d@example.org", i+1),
		}
		s.Standing = report.Standing{Rate: report.Rate{Attended: int64(min(58+i, 80)), Counted: 80}, Missed: int64(max(16-i, 0)), Met: int64(min(58+i, 80)), Excused: 2, SeenAt: &seen, JudgedAt: &seen}
		if i < len(levels) {
			s.Standing.Level = levels[i]
		}
		if s.Standing.Level == report.ReportToUKVI {
			tenth := present.AddDate(0, 0, -4)
			s.Standing.Deadline, s.Standing.TenthAt = "2026-11-25", &tenth
		}
		c.students = append(c.students, s)
		c.totals.Rate.Attended += s.Standing.Rate.Attended
		c.totals.Rate.Counted += s.Standing.Rate.Counted
	}
	c.students[3].Name = `=HYPERLINK("http://evil.example","click")`
	c.totals.Students, c.totals.Below90, c.totals.Below85, c.totals.Below80 = 64, 14, 10, 6
	c.totals.TenMissed, c.totals.TenVisa, c.totals.Due, c.totals.FirstDue, c.totals.Pending, c.totals.PendingFor = 7, 3, 2, "2026-11-25", 12, 9
	for week := range 8 {
		for i, faculty := range faculties {
			start := time.Date(2026, 9, 29, 9, 0, 0, 0, time.UTC).AddDate(0, 0, 7*week)
			c.tallies = append(c.tallies, report.Tally{StartsAt: start, Department: faculty, Rate: report.Rate{Attended: int64(96 - 2*week - 3*i + week*i%4), Counted: 100}})
		}
	}
}

// teach makes sessions of the week: two that are open, one that is over but not known, one that was cancelled.
func (c *college) teach() {
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	add := func(id string, module int, start time.Time, marks report.Marks) *report.Session {
		c.sessions = append(c.sessions, report.Session{
			ID: id, Module: teaching[module][0], Title: teaching[module][1], Kind: "lecture", Mandatory: true, Expected: 30, Marks: marks,
			Rooms:    []report.Room{{ID: "A-101", Name: "Lecture theatre", Building: "Library"}},
			StartsAt: start, EndsAt: start.Add(time.Hour), OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour),
		})
		return &c.sessions[len(c.sessions)-1]
	}
	add("e/1", 1, at(10, 9), report.Marks{"P": 25, "A": 5}) // nine days ago, with a slash in its name
	add("e2", 0, at(18, 9), report.Marks{"P": 26, "L": 2, "A": 1, "E": 1})
	add("e3", 2, at(18, 11), report.Marks{"P": 4, "U": 26})
	add("e4", 3, at(18, 14), report.Marks{"X": 30}).Cancelled = true
	add("e5", 4, at(19, 8), report.Marks{"P": 27, "A": 3})
	add("e6", 0, at(19, 10), report.Marks{"P": 23, "L": 1})
	add("e7", 2, at(19, 10), report.Marks{"P": 11})
	add("e8", 1, at(19, 14), report.Marks{})
}

// tap gives the first student a record with every kind of mark, and each register its rows.
func (c *college) tap() {
	tap := func(seq int, at time.Time, outcome, reason, credits string) report.Tap {
		return report.Tap{
			ID: tapID(seq), At: at, Point: "A-101/door", Room: "A-101", Gateway: "gw-library", Digest: hex.EncodeToString(make([]byte, 32)),
			Evidence: "card", Outcome: outcome, Reason: reason, Session: credits, Timetable: 42, Quality: "synchronised", WithinMS: 9,
			Student: "s1", Name: c.students[0].Name, Credits: credits,
		}
	}
	codes := map[string]report.Mark{
		"e/1": {Code: "A", Source: "complete", Reason: "No tap; the readers were working and everything they heard is here"},
		"e2":  {Code: "L", Source: "tap", Reason: "Tapped at 09:17:03 at A-101/door, 17 minutes after the start"},
		"e3":  {Code: "U", Source: "pending", Reason: "Not fully heard: gateway gw-engineering last reported at 10:40"},
		"e4":  {Code: "X", Source: "cancelled", Reason: "The session was cancelled"},
		"e5":  {Code: "E", Source: "absence", Reason: "Covered by an authorised absence"},
		"e6":  {Code: "P", Source: "tap", Reason: "Tapped at 09:58:00 at A-101/door, 2 minutes before the start"},
		"e7":  {},
	}
	for _, s := range c.sessions {
		mark := codes[s.ID]
		mark.Policy = "college 004 v1"
		c.contacts["s1"] = append(c.contacts["s1"], report.Contact{Session: s, Mark: mark})
		for i := range 30 {
			row := report.RegisterRow{Student: c.students[i].ID, Name: c.students[i].Name, Mark: report.Mark{Code: "P", Reason: "Tapped before the start"}}
			if i == 0 {
				row.Mark = mark
			}
			c.rows[s.ID] = append(c.rows[s.ID], row)
		}
	}
	late, early := c.sessions[1].StartsAt.Add(17*time.Minute+3*time.Second+250*time.Millisecond), c.sessions[5].StartsAt.Add(-2*time.Minute)
	c.credited["s1"] = []report.Tap{tap(17, late, "accepted", "", "e2"), tap(29, early, "accepted", "", "e6")}
	c.taps["s1"] = []report.Tap{
		tap(18, late.Add(40*time.Second), "duplicate", "", ""),
		tap(21, c.sessions[0].OpensAt.Add(-8*time.Minute), "refused", "window_closed", ""),
		tap(30, present.Add(-3*time.Second), "unjudged", "no_timetable", ""),
		tap(9, time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC), "refused", "not_listed", ""),
	}
	for i := range c.rows["e6"][:1] {
		c.rows["e6"][i].Tap = &c.credited["s1"][1]
	}
	c.find()
	c.absences["s1"] = []report.Absence{{Since: present.AddDate(0, 0, -1), Until: present, Reason: "Illness", Actor: "priya"}}
	c.amendments = []report.Amendment{{Student: "s1", Session: "e2", Code: "L", Reason: "came in with the second group", Actor: "lee", MadeAt: present.AddDate(0, 0, -1)}}
}

// find lets the rules say something of some students, and gives the first one facts of many kinds.
func (c *college) find() {
	at := func(days int) time.Time { return present.AddDate(0, 0, days) }
	superseded, ends := at(-2), at(300)
	c.findings = map[string][]report.Finding{
		"s1": {
			{ID: 2, Rule: "A-5", Scope: "2026-autumn", Step: "report to ukvi", Opens: rules.Case, Level: 4, Policy: "college 004 v1", AsOf: at(-4), FoundAt: at(-4), Summary: "Report to UKVI: ten missed contacts", Deadline: "2026-11-25", Evidence: []string{"e/1", "e2", "submission essay 2026-11-09T12:00:00Z"}},
			{ID: 4, Rule: "E-12", Scope: "course_change 2026-10-30", Step: "overdue", Opens: rules.Task, Policy: "stmarys v1", AsOf: at(-5), FoundAt: at(-5), Summary: "Change of course on 2026-10-30; the report to UKVI was due on 2026-11-13 and is not recorded", Deadline: "2026-11-13"},
			{ID: 1, Rule: "A-2", Scope: "2026-autumn", Step: "first warning", Opens: rules.Warning, Level: 1, Policy: "college 004 v1", AsOf: at(-20), FoundAt: at(-20), Summary: "First warning: attendance below 90%", Evidence: []string{"e/1"}, SupersededAt: &superseded, SupersededBy: "an absence was authorised"},
		},
		"s7": {{ID: 3, Rule: "A-2", Scope: "2026-autumn", Step: "first warning", Opens: rules.Warning, Level: 1, Policy: "college 004 v1", AsOf: at(-9), FoundAt: at(-9), Summary: "First warning: 64 of 80 contacts attended (80.0 %), 10 missed without authorisation", Evidence: []string{"e/1"}}},
		"s9": {{ID: 5, Rule: "E-15", Scope: "2026-11-09", Step: "near the limit", Opens: rules.Alert, Policy: "stmarys v1", AsOf: at(-6), FoundAt: at(-6), Summary: "Worked 16 h 30 min in the week from 2026-11-09; the limit in term of 20 h 00 min is near"}},
	}
	fact := func(days int, kind engagement.Kind, of, value string) report.Fact {
		return report.Fact{ID: int64(100 - days), Kind: kind, At: at(days), Of: of, Value: value, By: "priya", RecordedAt: at(days)}
	}
	stay, wrong := fact(-60, engagement.Permission, "", "study"), fact(-12, engagement.Meeting, "tutor", "missed")
	stay.Until, wrong.WithdrawnAt, wrong.WithdrawnBy = &ends, &superseded, "lee: it was another student"
	paid := fact(-8, engagement.Payment, "tuition", "")
	paid.Amount = 123450
	c.facts = map[string][]report.Fact{"s1": {
		fact(-1, engagement.Login, "", ""), fact(-1, engagement.Login, "", ""), fact(-2, engagement.Login, "", ""), paid, fact(-9, engagement.Login, "", ""),
		fact(-10, engagement.Submission, "essay", "missed"), wrong, stay,
	}}
	judged := at(-1)
	c.past = map[string][]report.PastMark{"s1": {
		{Session: "e2", Mark: report.Mark{Code: "A", Source: "complete", Reason: "No tap; the readers were working", Policy: "college 004 v1", JudgedAt: &judged}, ReplacedAt: judged},
	}}
}

func (c *college) connect() {
	heard, silent := present.Add(-4*time.Second), present.Add(-47*time.Minute)
	enrolled := present.AddDate(0, -2, 0)
	c.gateways = []report.GatewayRow{
		{ID: "gw-engineering", Building: "Engineering", EnrolledAt: enrolled, NotAfter: present.Add(40 * time.Hour), HeardAt: &silent},
		{ID: "gw-library", Building: "Library", EnrolledAt: enrolled, NotAfter: present.AddDate(0, 0, 21), HeardAt: &heard, Report: []byte(
			`{"version":1,"build":"0.1.0","at":"` + heard.Add(-10*time.Minute).Format(time.RFC3339) + `","clock":"never_set","clock_trouble":"the clock was not synchronised since boot","timetable":41,"points":[{"point":"A-101/door","up":true},{"point":"A-102/door","up":false,"trouble":"no answer for 3 minutes"}]}`)},
	}
	c.streams = []report.Stream{
		{ID: "0011223344556677", Owner: "gw-engineering", Through: 18_204, Durable: 18_731, HeardAt: silent},
		{ID: streamOfTests, Owner: "gw-library", Through: 20_455, Durable: 20_455, HeardAt: heard},
		{ID: "8899aabbccddeeff", Owner: "gw-old", Through: 7, Durable: 7, HeardAt: silent, Quarantined: "record 5 has two histories"},
	}
}

// encodeTap is the record of tap 17, as a gateway writes it.
func encodeTap(t testing.TB) []byte {
	t.Helper()
	var id contract.TapID
	if err := id.Stream.UnmarshalText([]byte(streamOfTests)); err != nil {
		t.Fatal(err)
	}
	id.Seq = 17
	octets, err := contract.AppendRecord(nil, contract.Record{
		ID:    id,
		Stamp: contract.Stamp{At: present.Add(-25 * time.Hour), Boot: contract.Boot{1}, Uptime: 90 * time.Minute, Quality: contract.Synchronised, Within: 9 * time.Millisecond},
		Tap:   &contract.Tap{Point: "A-101/door", Digest: contract.Digest{7}, Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "e2", Timetable: 42},
	})
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// campus is a site with its college, served on loopback.
type campus struct {
	*college
	desk   *account.Desk
	site   *Site
	server *httptest.Server
	drawer *drawer
	judged int // how often the site said that a fact changed
}

// openCampus starts a site; change may alter its options first.
func openCampus(t testing.TB, change func(*Options)) *campus {
	t.Helper()
	c := &campus{college: newCollege(t), drawer: &drawer{sessions: make(map[string][]byte)}}
	now := func() time.Time { return present }
	c.desk = account.New(account.Options{Store: &desk{}, Now: now})
	registry := prometheus.NewRegistry()
	o := Options{
		Reports: report.New(c.college, now), Accounts: c.desk, Facts: c.college, Policies: shelf{t: t}, Proofs: sealedTo(17), Day: lastSeal, Clusters: clustersOfTests, Sessions: c.drawer, Log: slog.New(slog.DiscardHandler),
		Registerer: registry, Gatherer: registry, Now: now, Build: "test", Changed: func() { c.judged++ },
	}
	if change != nil {
		change(&o)
	}
	var err error
	if c.site, err = New(o); err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewServer(c.site.Handler())
	t.Cleanup(c.server.Close)
	return c
}

// sealOfTests is the last daily seal, as it is printed.
const sealOfTests = "2026-11-18 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func lastSeal() (day, digest string) {
	day, digest, _ = strings.Cut(sealOfTests, " ")
	return day, digest
}

// sealedTo proves the taps up to a number, with a proof that says nothing.
type sealedTo uint64

func (s sealedTo) ProveTap(_ context.Context, id contract.TapID) (proof.Tap, error) {
	if id.Seq > uint64(s) {
		return proof.Tap{}, proof.ErrUnsealed
	}
	return proof.Tap{Record: []byte(id.String())}, nil
}

// person is somebody at a browser.
type person struct {
	*http.Client
	login, password string
}

// hire makes an account with a password of its own, and logs it in.
func (c *campus) hire(t testing.TB, role account.Role) *person {
	t.Helper()
	p := c.newcomer(t, role)
	const own = "a quiet row of words"
	c.post(t, p, "/login", "login", p.login, "password", p.password)
	if got := c.post(t, p, "/password", "present", p.password, "chosen", own, "again", own); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("change password: %s", got.Status)
	}
	p.password = own
	return p
}

// newcomer makes an account that still has its one-time password.
func (c *campus) newcomer(t testing.TB, role account.Role) *person {
	t.Helper()
	login := "test-" + string(role)
	password, err := c.desk.Add(t.Context(), login, "Priya Raman", role)
	if err != nil {
		t.Fatal(err)
	}
	return &person{c.browser(t), login, password}
}

// browser is a client with cookies that follows no redirect.
func (c *campus) browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: c.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// hearTap lets one more tap reach central now.
func (c *college) hearTap(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.credited["s1"][1]
	t.ID, t.At = id, present
	c.arrived = append(c.arrived, t)
}
