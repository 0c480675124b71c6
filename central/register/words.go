package register

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

func notHeard(p PointCoverage, room string) string {
	if p.HeardUntil.IsZero() {
		return fmt.Sprintf("Not known yet: the reader at %s (%s) has never been heard of", p.Point, room)
	}
	return fmt.Sprintf("Not known yet: taps at %s (%s) have arrived up to %s only", p.Point, room, moment(p.HeardUntil))
}

func lackingSentence(point, room string, i Interval) string {
	return fmt.Sprintf("Not known: taps heard at %s (%s) between %s and %s are missing", point, room, moment(i.From), moment(i.To))
}

func shareSentence(room string, permille, minPercent int64) string {
	return fmt.Sprintf("Not known: the readers of %s worked for %d.%d %% of the time, %d %% is needed to conclude an absence", room, permille/10, permille%10, minPercent)
}

const clockLayout = "15:04:05.000"

func clock(t time.Time) string  { return t.In(calendar.London).Format(clockLayout) }
func moment(t time.Time) string { return t.In(calendar.London).Format("2 Jan 2006 15:04:05") }

func appendRelative(b []byte, late time.Duration) []byte {
	switch {
	case late < 0:
		return append(appendMinutes(b, -late), " before the start"...)
	case late == 0:
		return append(b, "at the start"...)
	default:
		return append(appendMinutes(b, late), " after the start"...)
	}
}

func appendMinutes(b []byte, d time.Duration) []byte {
	seconds := int64(d / time.Second)
	b = append(strconv.AppendInt(b, seconds/60, 10), ':')
	b = append(b, byte('0'+seconds%60/10), byte('0'+seconds%10))
	return append(b, " min"...)
}
