package timetable

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoomsOffSite(t *testing.T) {
	const head = "building_id,building_name,room_id,room_name,offsite,approved\n"
	tests := []struct {
		name, file string
		want       []Room
	}{
		{"off site and not approved", head + "X,Exchange,X-1,Hall,yes,\n", []Room{{ID: "X-1", Building: "X", Name: "Hall", OffSite: true}}},
		{"off site and approved", head + "X,Exchange,X-1,Hall,yes,yes\n", []Room{{ID: "X-1", Building: "X", Name: "Hall", OffSite: true, Approved: true}}},
		{"on site needs no approval", head + "X,Exchange,X-1,Hall,no,yes\n", []Room{{ID: "X-1", Building: "X", Name: "Hall"}}},
		{"approval ends", head + "N,News,N-1,News,yes,no\n", []Room{{ID: "N-1", Building: "N", Name: "News", OffSite: true}}},
		{"a file without the columns changes nothing", "building_id,building_name,room_id,room_name\nN,News,N-1,News\n", nil},
		{"nor does one that leaves them empty", head + "N,News,N-1,News,,\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := offSiteCampus()
			if _, err := m.take(t, Rooms, tt.file, Options{}); err != nil {
				t.Fatal(err)
			}
			var got []Room
			if m.change != nil {
				got = m.change.Rooms
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("rooms differ (-want +got):\n%s", d)
			}
		})
	}
	if _, err := offSiteCampus().take(t, Rooms, head+"X,Exchange,X-1,Hall,perhaps,\n", Options{}); err == nil || !strings.Contains(err.Error(), "neither yes nor no") {
		t.Errorf("offsite perhaps = %v, want a fault", err)
	}
}

// offSiteCampus is the small campus with an approved room off site, N-1, and one that is not, O-1, in which law-1 stands from before.
func offSiteCampus() *memory {
	m := smallCampus()
	m.places.Buildings = append(m.places.Buildings, Building{"N", "News"})
	m.places.Rooms = append(m.places.Rooms, Room{ID: "N-1", Building: "N", Name: "News", OffSite: true, Approved: true}, Room{ID: "O-1", Building: "N", Name: "Old", OffSite: true})
	m.sessions[0].Rooms = []string{"O-1"}
	return m
}

// Rule E-21: a location must be approved before a session can be scheduled there.
func TestSessionsNeedApprovedRooms(t *testing.T) {
	const head = "event_id,date,start,end,room_id,module_id\n"
	tests := []struct {
		name, line string
		fault      bool
	}{
		{"on site", "new,2026-10-06,09:00,10:00,A-101,LAW", false},
		{"approved", "new,2026-10-06,09:00,10:00,N-1,LAW", false},
		{"not approved", "new,2026-10-06,09:00,10:00,O-1,LAW", true},
		{"moved there", "law-1,2026-10-06,09:00,10:00,O-1,LAW", false}, // it is there already
		{"over before today", "new,2026-09-28,09:00,10:00,O-1,LAW", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := offSiteCampus().take(t, Sessions, head+tt.line+"\n", Options{Force: true})
			if fault := err != nil; fault != tt.fault {
				t.Fatalf("import = %v, want a fault: %v", err, tt.fault)
			}
			const want = `line 2, room_id: room "O-1" is off site and not approved; have it approved and import rooms with approved yes, or teach elsewhere`
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("fault = %v, want %s", err, want)
			}
		})
	}
}
