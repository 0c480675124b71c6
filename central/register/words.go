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

func clock(t time.Time) string  { return string(appendClock(nil, t)) }
func moment(t time.Time) string { return t.In(calendar.London).Format("2 Jan 2006 15:04:05") }

// appendClock is the layout "15:04:05.000" in London: five times as fast as package time reads a layout, and a university has millions
// of taps.
func appendClock(b []byte, t time.Time) []byte {
	local := t.In(calendar.London)
	hour, minute, second := local.Clock()
	milli := local.Nanosecond() / 1e6
	return append(b, digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':', digit(second/10), digit(second),
		'.', digit(milli/100), digit(milli/10), digit(milli))
}

func digit(n int) byte { return byte('0' + n%10) }

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
