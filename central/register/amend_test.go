package register

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

func TestMayAmend(t *testing.T) {
	limit := func(p policy.ByDay) policy.Marking { return p(calendar.Day{}).Marking }
	portsmouth, marys, imperial := limit(shipped(t, "portsmouth")), limit(shipped(t, "stmarys")), limit(shipped(t, "imperial"))
	unlimited := marys
	unlimited.AmendWithin = 0
	ends := local("10:00:00.000")
	day := func(n int, clock string) time.Time { return local(clock).AddDate(0, 0, n) }
	tests := []struct {
		name string
		m    policy.Marking
		a    Attempt
		ok   bool
	}{
		{"row 27 W-9 Portsmouth: lecturer, P without a tap", portsmouth, Attempt{Code: Present, Lecturer: true, EndsAt: ends, At: ends}, false},
		{"row 27 W-9 Portsmouth: nor is it L", portsmouth, Attempt{Code: Late, Lecturer: true, EndsAt: ends, At: ends}, false},
		{"row 27 W-9 Portsmouth: nor by the team", portsmouth, Attempt{Code: Present, EndsAt: ends, At: ends}, false},
		{"W-9 Portsmouth: P where a tap is", portsmouth, Attempt{Code: Present, Lecturer: true, Tapped: true, EndsAt: ends, At: ends}, true},
		{"W-9 Portsmouth: E without a tap", portsmouth, Attempt{Code: Authorised, Lecturer: true, EndsAt: ends, At: ends}, true},
		{"row 28 W-9 St Mary's: lecturer, P without a tap", marys, Attempt{Code: Present, Lecturer: true, EndsAt: ends, At: ends}, true},
		{"W-9 Imperial: lecturer, P without a tap", imperial, Attempt{Code: Present, Lecturer: true, EndsAt: ends, At: ends}, false},
		{"W-9 Imperial: team, P without a tap", imperial, Attempt{Code: Present, EndsAt: ends, At: ends}, true},
		{"row 29 W-10 lecturer on the last minute of day 7", marys, Attempt{Code: Absent, Lecturer: true, EndsAt: ends, At: day(7, "23:59:59.999")}, true},
		{"row 29 W-10 lecturer on day 8", marys, Attempt{Code: Absent, Lecturer: true, EndsAt: ends, At: day(8, "00:00:00.000")}, false},
		{"row 29 W-10 compliance on day 8", marys, Attempt{Code: Absent, EndsAt: ends, At: day(8, "00:00:00.000")}, true},
		{"W-10 no limit", unlimited, Attempt{Code: Absent, Lecturer: true, EndsAt: ends, At: day(300, "00:00:00.000")}, true},
		{"W-10 during the session", marys, Attempt{Code: Absent, Lecturer: true, EndsAt: ends, At: local("09:10:00.000")}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := MayAmend(tt.m, tt.a); (err == nil) != tt.ok {
				t.Errorf("MayAmend = %v, want allowed %v", err, tt.ok)
			}
		})
	}
}
