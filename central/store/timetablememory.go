package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/rollcall-edge/rollcall/central/register"
)

// timetableMemory keeps the sessions that judging has read. Forty students are expected at each, hundreds of times a year, and
// between two changes of the timetable it is the same for all of them. What is in it is never changed.
type timetableMemory struct {
	mu       sync.Mutex // guards everything that follows
	revision string
	sessions map[string]*register.Session // nil for one that is in no register
}

// timetableRevision differs when a session may: whoever writes to session, session_room or room_change, or notes that a class
// ended early, also adds a row to one of these tables in the same transaction.
const timetableRevision = `SELECT (SELECT coalesce(max(id), 0) FROM import) || ' ' || (SELECT coalesce(max(id), 0) FROM register_closure) || ' ' ||
	(SELECT count(*) FROM policy) || ' ' ||
	(SELECT count(*) || ' ' || coalesce(max(id), 0) FROM fact WHERE student_id = '' AND kind = 'ended' AND withdrawn_at IS NULL)`

// recall finds sessions of a revision, and says which are not remembered.
func (m *timetableMemory) recall(revision string, ids []string) (found map[string]*register.Session, missing []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found = make(map[string]*register.Session, len(ids))
	for _, id := range ids {
		if _, twice := found[id]; twice {
			continue
		}
		s, known := m.sessions[id]
		found[id] = s
		if !known || m.revision != revision {
			found[id], missing = nil, append(missing, id)
		}
	}
	return found, missing
}

// remember adds sessions of a revision. Those of another one are forgotten: it is older, or of a snapshot that is.
func (m *timetableMemory) remember(revision string, ids []string, sessions map[string]*register.Session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.revision != revision || m.sessions == nil {
		m.revision, m.sessions = revision, map[string]*register.Session{}
	}
	for _, id := range ids {
		m.sessions[id] = sessions[id]
	}
}

func (m *timetableMemory) forget() { m.remember("", nil, nil) }

// timetable makes the sessions at hand that the students are expected at.
func (l *loader) timetable(ctx context.Context, tx *transaction) error {
	var revision string
	if err := tx.QueryRowContext(ctx, timetableRevision).Scan(&revision); err != nil {
		return fmt.Errorf("revision: %w", err)
	}
	var all []string
	for _, ids := range l.expected {
		all = append(all, ids...)
	}
	found, missing := l.memory.recall(revision, all)
	l.sessions = found
	if len(missing) == 0 {
		return nil
	}
	read := sessionReader{sessions: map[string]*register.Session{}}
	var err error
	if read.ids, err = keys(missing); err != nil {
		return err
	}
	if err := read.all(ctx, tx); err != nil {
		return err
	}
	for id, s := range read.sessions {
		found[id] = s
	}
	l.memory.remember(revision, missing, read.sessions)
	return nil
}
