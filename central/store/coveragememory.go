package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/rollcall-edge/rollcall/central/register"
)

// coverageMemory keeps what judging has read of points and of what heartbeats prove about their rooms: a student is expected in
// thirty rooms in a year, and each has a hundred stretches in which its readers worked. What is in it is never changed.
type coverageMemory struct {
	mu     sync.Mutex // guards everything that follows
	change int64      // everything here is as it was after this one
	points map[string]point
	rooms  register.Coverage
}

// lastChange is the number of the latest change of what is known of points: two snapshots in which it is the same know the same.
const lastChange = `SELECT coalesce(max(change), 0) FROM coverage_change`

// everyPoint stands for all points in coverage_change.
const everyPoint = ""

// noteChanged says in the transaction that changes it that more, or less, is known of points.
func noteChanged(ctx context.Context, tx *transaction, points map[string]bool) error {
	if len(points) == 0 {
		return nil
	}
	ids, err := keys(slices.Sorted(maps.Keys(points)))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO coverage_change (point_id, change)
		SELECT k.id, n.next FROM ({{keys $1}}) AS k CROSS JOIN (SELECT coalesce(max(change), 0) + 1 AS next FROM coverage_change) AS n WHERE true
		ON CONFLICT (point_id) DO UPDATE SET change = excluded.change`, ids)
	if err != nil {
		return fmt.Errorf("note changes of coverage: %w", err)
	}
	return nil
}

// upTo has the memory forget what changed up to the last change of a snapshot. A snapshot may be older than the memory: then its last
// change is not the memory's, and it is told nothing of what came later.
func (m *coverageMemory) upTo(ctx context.Context, tx *transaction, now int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now <= m.change {
		return nil
	}
	return m.forgetLocked(ctx, tx, now)
}

// forgetLocked drops the rooms of the points that changed up to now.
func (m *coverageMemory) forgetLocked(ctx context.Context, tx *transaction, now int64) error {
	var all bool
	var rooms []string
	err := each(ctx, tx, func(r *sql.Rows) error {
		var point, room string
		err := r.Scan(&point, &room)
		all, rooms = all || point == everyPoint, append(rooms, room)
		return err
	}, `SELECT c.point_id, coalesce(p.room_id, '') FROM coverage_change c LEFT JOIN point p ON p.id = c.point_id WHERE c.change > $1`, m.change)
	if err != nil {
		return err
	}
	if all {
		m.points, m.rooms = nil, nil
	}
	for _, room := range rooms {
		delete(m.rooms, room)
	}
	m.change = now
	return nil
}

// recall gives those rooms that are remembered as they were after a change, and lists the others.
func (m *coverageMemory) recall(change int64, rooms map[string]bool) (register.Coverage, []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, missing := make(register.Coverage, len(rooms)), []string(nil)
	for room := range rooms {
		known, remembered := m.rooms[room]
		if !remembered || m.change != change {
			missing = append(missing, room)
			continue
		}
		found[room] = known
	}
	slices.Sort(missing)
	return found, missing
}

// remember adds rooms as they were after a change; those without a point too.
func (m *coverageMemory) remember(change int64, which []string, rooms register.Coverage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.change != change {
		return // it has been told of a later one meanwhile
	}
	if m.rooms == nil {
		m.rooms = register.Coverage{}
	}
	for _, room := range which {
		m.rooms[room] = rooms[room]
	}
}

// recallPoints are all points; nil when they are not remembered.
func (m *coverageMemory) recallPoints(change int64) map[string]point {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.change != change {
		return nil
	}
	return m.points
}

func (m *coverageMemory) rememberPoints(change int64, points map[string]point) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.change == change {
		m.points = points
	}
}

func (m *coverageMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.points, m.rooms = nil, nil
}
