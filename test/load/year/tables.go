package year

import (
	"iter"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// Table is rows for one table, in the order of its key.
type Table struct {
	Name    string
	Columns []string
	Rows    iter.Seq[[]any] // a row is valid until the next one
}

// Tables are all facts of the year, each table after those it refers to.
func (y *Year) Tables() []Table {
	return []Table{
		{"building", []string{"id", "name"}, y.buildingRows},
		{"room", []string{"id", "building_id", "name"}, y.roomRows},
		{"point", []string{"id", "room_id"}, y.pointRows},
		{"student", []string{"id", "name", "email", "department", "programme", "level", "visa"}, y.studentRows},
		{"card", []string{"digest", "student_id"}, y.cardRows},
		{"term", []string{"id", "name", "first_day", "last_day"}, termRows},
		{"module", []string{"id", "name"}, y.moduleRows},
		{"session", []string{"id", "module_id", "kind", "delivery", "starts_at", "ends_at", "opens_at", "closes_at", "cancelled"}, y.sessionRows},
		{"session_room", []string{"session_id", "room_id"}, y.placeRows},
		{"expected", []string{"student_id", "session_id"}, y.expectedRows},
		{"stream", []string{"id", "gateway_id", "claimed", "through", "durable", "heard_at"}, y.streamRows},
		{"tap", []string{"stream_id", "seq", "at", "point_id", "digest", "evidence", "outcome", "reason", "session_id", "timetable", "quality", "within"}, y.tapRows},
		{"coverage", []string{"point_id", "until", "since", "stream_id"}, y.coverageRows},
		{"watermark", []string{"point_id", "until"}, y.watermarkRows},
		{"amendment", []string{"student_id", "session_id", "code", "reason", "actor", "made_at"}, y.amendmentRows},
		{"absence", []string{"student_id", "since", "until", "reason", "actor", "made_at"}, y.absenceRows},
	}
}

func (y *Year) buildingRows(yield func([]any) bool) {
	for b := range y.buildings() {
		if !yield([]any{buildingID(b), "Building " + buildingID(b)}) {
			return
		}
	}
}

func (y *Year) roomRows(yield func([]any) bool) {
	for r := range y.rooms() {
		if !yield([]any{roomID(r), buildingID(y.buildingOf(r)), "Room " + roomID(r)}) {
			return
		}
	}
}

func (y *Year) pointRows(yield func([]any) bool) {
	for r := range y.rooms() {
		if !yield([]any{pointID(r), roomID(r)}) {
			return
		}
	}
}

func (y *Year) studentRows(yield func([]any) bool) {
	for i := range y.Students {
		id := studentID(i)
		if !yield([]any{id, "Student " + id, id + "@example.ac.uk", y.department(i), "Programme " + y.department(i), "6", y.visa(i)}) {
			return
		}
	}
}

func (y *Year) cardRows(yield func([]any) bool) {
	for i := range y.Students {
		d := Card(i)
		if !yield([]any{d[:], studentID(i)}) {
			return
		}
	}
}

func termRows(yield func([]any) bool) {
	for _, t := range terms {
		if !yield([]any{t.id, t.name, t.first.String(), t.last.String()}) {
			return
		}
	}
}

func (y *Year) moduleRows(yield func([]any) bool) {
	for t := range terms {
		for slot := 0; slot < slots; slot += 2 {
			for group := 0; group < y.groups; group += moduleSize / groupSize {
				m := session{term: t, slot: slot, group: group}.module()
				if !yield([]any{m, "Module " + m}) {
					return
				}
			}
		}
	}
}

// sessions are all, in the order of their identifiers.
func (y *Year) sessions() iter.Seq[session] {
	const of = moduleSize / groupSize // groups of a module
	return func(yield func(session) bool) {
		for n := range len(terms) * slots / 2 { // pairs of slots
			for module := 0; module < y.groups; module += of {
				for k := range 2 * y.Weeks * of {
					s := session{n / (slots / 2), 2*(n%(slots/2)) + k/(y.Weeks*of), k / of % y.Weeks, module + k%of}
					if s.group < y.groups && !yield(s) {
						return
					}
				}
			}
		}
	}
}

func (y *Year) sessionRows(yield func([]any) bool) {
	for s := range y.sessions() {
		start, end := s.starts(), s.ends()
		opens := start.Add(-30 * time.Minute)
		if !yield([]any{s.id(), s.module(), "seminar", "in_person", start.UnixMilli(), end.UnixMilli(), opens.UnixMilli(), end.UnixMilli(), y.cancelled(s)}) {
			return
		}
	}
}

func (y *Year) placeRows(yield func([]any) bool) {
	for s := range y.sessions() {
		if !yield([]any{s.id(), roomID(s.room())}) {
			return
		}
	}
}

func (y *Year) expectedRows(yield func([]any) bool) {
	for i := range y.Students {
		id := studentID(i)
		if !y.sessionsOf(i, func(s session) bool { return yield([]any{id, s.id()}) }) {
			return
		}
	}
}

func (y *Year) streamRows(yield func([]any) bool) {
	taps := y.tapsByBuilding()
	for b := range y.buildings() {
		stream := streamID(b)
		if !yield([]any{stream[:], "gw-" + buildingID(b), true, taps[b], taps[b], Now.UnixMilli()}) {
			return
		}
	}
}

func (y *Year) tapsByBuilding() []int64 {
	taps := make([]int64, y.buildings())
	for i := range y.Students {
		y.sessionsOf(i, func(s session) bool {
			if _, ok := y.tapped(i, s); ok {
				taps[y.buildingOf(s.room())]++
			}
			return true
		})
	}
	return taps
}

type tap struct {
	at      int64
	student int32
}

// tapRows are building by building and there by time of the session.
func (y *Year) tapRows(yield func([]any) bool) {
	cards := make([]contract.Digest, y.Students)
	for i := range cards {
		cards[i] = Card(i)
	}
	for b := range y.buildings() {
		stream, seq := streamID(b), int64(0)
		for s := range y.inBuilding(b) {
			point, id := pointID(s.room()), s.id()
			for _, t := range y.tapsAt(s) {
				seq++
				row := []any{stream[:], seq, t.at, point, cards[t.student][:], int64(contract.EvidenceCard), int64(contract.Accepted), int64(0), id, int64(42), int64(contract.Synchronised), int64(10)}
				if !yield(row) {
					return
				}
			}
		}
	}
}

// inBuilding are the sessions of a building by time.
func (y *Year) inBuilding(building int) iter.Seq[session] {
	return func(yield func(session) bool) {
		for n := range len(terms) * y.Weeks * slots * hours {
			t, week, slot, hour := n/(y.Weeks*slots*hours), n/(slots*hours)%y.Weeks, n/hours%slots, n%hours
			for room := building; room < y.rooms(); room += y.buildings() {
				s := session{t, slot, week, room*hours + hour}
				if s.group < y.groups && !yield(s) {
					return
				}
			}
		}
	}
}

func (y *Year) tapsAt(s session) []tap {
	var taps []tap
	for _, student := range y.members(s) {
		if at, ok := y.tapped(int(student), s); ok {
			taps = append(taps, tap{at.UnixMilli(), student})
		}
	}
	slices.SortFunc(taps, func(a, b tap) int { return int(a.at - b.at) })
	return taps
}

// coverageRows have a row for each stretch of days on which a reader worked: gateways are restarted after each week.
func (y *Year) coverageRows(yield func([]any) bool) {
	for room := range y.rooms() {
		stream := streamID(y.buildingOf(room))
		for since, until := range y.stretches(room) {
			if !yield([]any{pointID(room), until.UnixMilli(), since.UnixMilli(), stream[:]}) {
				return
			}
		}
	}
}

func (y *Year) stretches(room int) iter.Seq2[time.Time, time.Time] {
	return func(yield func(time.Time, time.Time) bool) {
		for n := range len(terms) * y.Weeks {
			t, week := n/y.Weeks, n%y.Weeks
			var since calendar.Day
			for day := range 6 {
				at := terms[t].monday.Add(7*week + day)
				switch over := day == 5 || y.deaf(room, t, week, day); {
				case over && since != calendar.Day{}:
					if !yield(since.Starts(), at.Add(-1).Ends()) {
						return
					}
					since = calendar.Day{}
				case !over && since == calendar.Day{}:
					since = at
				}
			}
		}
	}
}

func (y *Year) watermarkRows(yield func([]any) bool) {
	for room := range y.rooms() {
		if !yield([]any{pointID(room), Now.UnixMilli()}) {
			return
		}
	}
}

func (y *Year) amendmentRows(yield func([]any) bool) {
	for i := range y.Students {
		ok := y.sessionsOf(i, func(s session) bool {
			code := y.amended(i, s)
			return code == "" || yield([]any{studentID(i), s.id(), code, "Sheet of the tutor", "tutor", s.ends().UnixMilli()})
		})
		if !ok {
			return
		}
	}
}

func (y *Year) absenceRows(yield func([]any) bool) {
	for i := range y.Students {
		for t := range terms {
			week := y.absent(i, t)
			if week < 0 {
				continue
			}
			monday := terms[t].monday.Add(7 * week)
			if !yield([]any{studentID(i), monday.Starts().UnixMilli(), monday.Add(6).Ends().UnixMilli(), "illness", "office", monday.Starts().UnixMilli()}) {
				return
			}
		}
	}
}
