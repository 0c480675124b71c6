package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edge/rollcall/central/register"
)

// timetableMemory keeps the sessions that judging has read. Forty students are expected at each, hundreds of times a year, and
// between two changes of the timetable it is the same for all of them. What is in it is never changed.
type timetableMemory struct {
	reading sync.Mutex // held while somebody reads what is not remembered: others want mostly the same

	mu       sync.Mutex // guards everything that follows
	revision string
	sessions map[string]*register.Session // nil for one that is in no register
}

// timetableRevision differs when a session may: whoever writes to session, session_room or room_change, or notes that a class
// ended early, also adds a row to one of these tables in the same transaction.
const timetableRevision = `SELECT (SELECT coalesce(max(id), 0) FROM import) || ' ' || (SELECT coalesce(max(id), 0) FROM register_closure) || ' ' ||
	(SELECT count(*) FROM policy) || ' ' ||
	(SELECT count(*) || ' ' || coalesce(max(id), 0) FROM fact WHERE student_id = '' AND kind = 'ended' AND withdrawn_at IS NULL)`

// recall finds sessions of a revision, and adds those that are not remembered to missing. A session that is in no register
// is in no answer.
func (m *timetableMemory) recall(revision string, ids []string, missing map[string]bool) []*register.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]*register.Session, 0, len(ids))
	for _, id := range ids {
		s, known := m.sessions[id]
		switch {
		case !known || m.revision != revision:
			missing[id] = true
		case s != nil:
			found = append(found, s)
		}
	}
	return found
}

// remember adds sessions of a revision. Those of another one are forgotten: it is older, or of a snapshot that is.
func (m *timetableMemory) remember(revision string, ids map[string]bool, sessions map[string]*register.Session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.revision != revision || m.sessions == nil {
		m.revision, m.sessions = revision, map[string]*register.Session{}
	}
	for id := range ids {
		m.sessions[id] = sessions[id]
	}
}

func (m *timetableMemory) forget() { m.remember("", nil, nil) }

// timetable gives each student the sessions that they are expected at, in order of start.
func (l *loader) timetable(ctx context.Context, tx *transaction) error {
	missing := l.remembered()
	if len(missing) > 0 {
		l.memory.reading.Lock()
		defer l.memory.reading.Unlock()
		missing = l.remembered() // more, if somebody else was reading
	}
	read, err := readSessions(ctx, tx, slices.Sorted(maps.Keys(missing)))
	if err != nil {
		return err
	}
	l.memory.remember(l.revision, missing, read)
	for student, ids := range l.expected {
		f := &l.cases[student].Facts
		for _, id := range ids {
			if s := read[id]; s != nil {
				f.Sessions = append(f.Sessions, s)
			}
		}
		slices.SortFunc(f.Sessions, byStart)
	}
	return nil
}

// remembered gives each student those of their sessions that are remembered, and tells which are not.
func (l *loader) remembered() (missing map[string]bool) {
	missing = map[string]bool{}
	for student, ids := range l.expected {
		l.cases[student].Facts.Sessions = l.memory.recall(l.revision, ids, missing)
	}
	return missing
}

func byStart(a, b *register.Session) int {
	if c := a.StartsAt.Compare(b.StartsAt); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
