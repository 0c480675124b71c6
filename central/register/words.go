package register

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

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
