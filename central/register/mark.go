package register

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Marks gives one mark for each session, in the order of f.Sessions, as things stand at now, each by the policy of the
// session's day. Nothing else is read: the same facts in another order, or twice, give the same marks.
func Marks(f Facts, policies policy.ByDay, now time.Time) []Mark {
	sessions, held := windows(f.Sessions, policies)
	credited := credit(sessions, f.Taps)
	amended := latest(f.Amendments)
	marks := make([]Mark, len(sessions))
	for i := range sessions {
		s := sessions[i]
		if held[i] == nil {
			marks[i] = Mark{Session: s, Code: Unknown, Source: Pending, Reason: noPolicy}
			continue
		}
		m := judge(&s, amended[s.ID], credited[i], &f, held[i].Marking, now)
		m.Session, m.Tap, m.Policy = s, credited[i], held[i].ID()
		marks[i] = m
	}
	return marks
}

const noPolicy = "Not known: no policy holds for this student; import one whose scope does"

// windows are the sessions with the windows that the student's policy gives them. A session without a policy is never open.
func windows(sessions []Session, policies policy.ByDay) ([]Session, []*policy.Policy) {
	out, held := slices.Clone(sessions), make([]*policy.Policy, len(sessions))
	for i := range out {
		s := &out[i]
		s.OpensAt, s.ClosesAt = s.EndsAt, s.StartsAt
		if held[i] = policies(calendar.DayOf(s.StartsAt)); held[i] != nil {
			s.OpensAt, s.ClosesAt = held[i].Window(s.StartsAt, s.EndsAt)
		}
	}
	return out, held
}

// judge asks in the order of G-4. Whether a student is expected at all was decided before: only such sessions are here.
func judge(s *Session, amendment *Amendment, tap *Tap, f *Facts, p policy.Marking, now time.Time) Mark {
	if s.Cancelled {
		return Mark{Code: Cancelled, Source: FromCancellation, Reason: "The session was cancelled"}
	}
	if amendment != nil {
		reason := fmt.Sprintf("Recorded by %s on %s: %s", amendment.Actor, moment(amendment.MadeAt), amendment.Reason)
		return Mark{Code: amendment.Code, Source: FromStaff, Reason: reason}
	}
	if tap != nil {
		code, reason := byLateness(s, tap, p)
		return Mark{Code: code, Source: FromTap, Reason: reason}
	}
	if a := covering(f.Absences, s); a != nil {
		return Mark{Code: Authorised, Source: FromAbsence, Reason: "Authorised absence: " + a.Reason}
	}
	return silence(s, f.Coverage, p, now)
}

// byLateness is C-1: closed intervals, the boundary favours the student.
func byLateness(s *Session, tap *Tap, p policy.Marking) (Code, string) {
	late := time.Duration(milli(tap.At)-milli(s.StartsAt)) * time.Millisecond
	where := fmt.Sprintf("Tapped at %s at %s, %s", clock(tap.At), tap.Point, relative(late))
	switch {
	case p.PresentWithin == 0 || late <= p.PresentWithin.Std():
		return Present, where
	case late <= p.LateWithin.Std():
		return Late, where
	default:
		return Absent, fmt.Sprintf("%s: more than %d minutes late", where, int(p.LateWithin.Std().Minutes()))
	}
}

func silence(s *Session, c Coverage, p policy.Marking, now time.Time) Mark {
	if s.ClosedBy != "" {
		return Mark{Code: Absent, Source: FromSilence, Reason: "No tap; the register was closed by " + s.ClosedBy}
	}
	if milli(now) <= milli(s.ClosesAt) {
		return Mark{Code: Unknown, Source: Pending, Reason: "The register is open until " + moment(s.ClosesAt)}
	}
	complete, why := c.complete(s, p.MinCoverage)
	if !complete {
		return Mark{Code: Unknown, Source: Pending, Reason: why}
	}
	return Mark{Code: Absent, Source: FromSilence, Reason: why}
}

// latest keeps the newest amendment of each session.
func latest(amendments []Amendment) map[string]*Amendment {
	newest := make(map[string]*Amendment)
	for i := range amendments {
		a := &amendments[i]
		if held := newest[a.Session]; held == nil || newer(a, held) {
			newest[a.Session] = a
		}
	}
	return newest
}

func newer(a, b *Amendment) bool {
	return a.MadeAt.After(b.MadeAt) || a.MadeAt.Equal(b.MadeAt) && a.ID > b.ID
}

// covering is an absence that holds for the whole session.
func covering(absences []Absence, s *Session) *Absence {
	for i := range absences {
		if a := &absences[i]; milli(a.Since) <= milli(s.StartsAt) && milli(s.EndsAt) <= milli(a.Until) {
			return a
		}
	}
	return nil
}

func notHeard(p PointCoverage, room string) string {
	if p.HeardUntil.IsZero() {
		return fmt.Sprintf("Not known yet: the reader at %s (%s) has never been heard of", p.Point, room)
	}
	return fmt.Sprintf("Not known yet: taps at %s (%s) have arrived up to %s only", p.Point, room, moment(p.HeardUntil))
}

func shareSentence(permille int64, minPercent int64) string {
	return fmt.Sprintf("Not known: the readers worked for %d.%d %% of the time, %d %% is needed to conclude an absence", permille/10, permille%10, minPercent)
}

func clock(t time.Time) string  { return t.In(calendar.London).Format("15:04:05.000") }
func moment(t time.Time) string { return t.In(calendar.London).Format("2 Jan 2006 15:04:05") }

func relative(late time.Duration) string {
	switch {
	case late < 0:
		return fmt.Sprintf("%s before the start", minutes(-late))
	case late == 0:
		return "at the start"
	default:
		return fmt.Sprintf("%s after the start", minutes(late))
	}
}

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}
