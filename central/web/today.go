package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/report"
)

// latestTaps is how many taps the page of today shows.
const latestTaps = 14

type todayBody struct {
	Now      time.Time
	Open     []report.Session // their register is open, or they are in progress
	Next     []report.Session // later today
	Earlier  []report.Session // ended today, newest first
	More     int              // that are not shown
	Taps     []tapLine        // empty for those who may not see students
	Gateways int
	Silent   int
	Disputed int // streams with two histories, of which nobody has found out yet which is true
	Gaps     sessionGaps
}

type tapLine struct {
	report.Tap
	Fresh bool // heard within the last few seconds
}

// notices are what a page says after a change that led to it.
var notices = map[string]string{
	"password": "Your password is changed. Every other browser you were logged in with has been logged out.",
	"amended":  "The amendment is on record. The mark is judged again at once.",
	"signed":   "Your signature is on record.",
	"approved": "The register is approved. Any change from now on reopens it.",
	"counted":  "The headcount is on record. It is compared with the register within a minute.",
	"closed":   "The register is closed. Marks that were not known are judged again at once.",
}

func (s *Site) today(c *gin.Context, who *caller) error {
	ctx := c.Request.Context()
	now := s.now()
	from, to, err := report.DaySpan(calendar.DayOf(now).String())
	if err != nil {
		return err
	}
	sessions, err := s.Reports.Sessions(ctx, report.SessionQuery{From: from, To: to, Timetable: true})
	if err != nil {
		return err
	}
	if err := s.Reports.Place(ctx, sessions); err != nil {
		return err
	}
	body := todayBody{Now: now}
	if err := s.sort(ctx, &body, sessions); err != nil {
		return err
	}
	if who.May("see students") {
		if body.Taps, err = s.latest(c, now); err != nil {
			return err
		}
	}
	if body.Gaps, err = s.gapsOf(ctx, sessions); err != nil {
		return err
	}
	if err := s.fleetOf(ctx, &body); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "today", sheet{Title: "Today", Here: "/", Live: true, Notice: notices[c.Query("done")], Body: body})
}

// fleetOf counts the gateways in service, and what is wrong with them.
func (s *Site) fleetOf(ctx context.Context, body *todayBody) error {
	gateways, err := s.Reports.Gateways(ctx)
	if err != nil {
		return err
	}
	for _, g := range gateways {
		if g.RevokedAt == nil {
			body.Gateways++
			if g.Silent {
				body.Silent++
			}
		}
	}
	streams, err := s.Reports.Streams(ctx)
	for _, st := range streams {
		if st.Disputed() {
			body.Disputed++
		}
	}
	return err
}

// What the page shows of each kind: nobody reads a thousand lines, and marks are counted of those that are shown alone.
const (
	openShown  = 120
	othersShow = 40
)

// sort puts the sessions of a day under their headings, the nearest to now first where not all are shown.
func (s *Site) sort(ctx context.Context, body *todayBody, sessions []report.Session) error {
	for _, e := range slices.Backward(sessions) {
		if !body.Now.Before(e.OpensAt) && over(e, body.Now) {
			body.Earlier = append(body.Earlier, e)
		}
	}
	for _, e := range sessions {
		switch {
		case body.Now.Before(e.OpensAt):
			body.Next = append(body.Next, e)
		case !over(e, body.Now):
			body.Open = append(body.Open, e)
		}
	}
	for _, part := range []struct {
		of    *[]report.Session
		shown int
	}{{&body.Open, openShown}, {&body.Next, othersShow}, {&body.Earlier, othersShow}} {
		if rest := len(*part.of) - part.shown; rest > 0 {
			body.More += rest
			*part.of = (*part.of)[:part.shown]
		}
		if err := s.Reports.Count(ctx, *part.of); err != nil {
			return err
		}
	}
	return nil
}

// over reports whether a session is: a cancelled one has no register to be open.
func over(e report.Session, now time.Time) bool {
	return e.Cancelled || now.After(e.EndsAt) && now.After(e.ClosesAt)
}

func (s *Site) latest(c *gin.Context, now time.Time) ([]tapLine, error) {
	taps, err := s.Reports.RecentTaps(c.Request.Context(), latestTaps)
	if err != nil {
		return nil, err
	}
	lines := make([]tapLine, len(taps))
	for i, t := range taps {
		lines[i] = tapLine{Tap: t, Fresh: now.Sub(t.At) < 6*time.Second}
	}
	return lines, nil
}

type registersBody struct {
	Day, Before, After string // yyyy-mm-dd
	Week               bool   // the whole week of Day
	Days               []dayOfSessions
	Gaps               sessionGaps
	Total              int
	Earlier, Later     string // addresses of the pages before and after; "" if there is none
}

type dayOfSessions struct {
	Day      string
	Sessions []report.Session
}

// registers lists the sessions of a day, or of the week that begins on a Monday.
func (s *Site) registers(c *gin.Context, _ *caller) error {
	body := registersBody{Day: c.Query("day")}
	if week := c.Query("week"); week != "" {
		body.Week, body.Day = true, week
	}
	if body.Day == "" {
		body.Day = calendar.DayOf(s.now()).String()
	}
	from, to, err := report.DaySpan(body.Day)
	if err != nil {
		return err
	}
	step, day := 1, calendar.DayOf(from)
	if body.Week {
		day, step = day.Monday(), 7
		from, to = day.Starts(), day.Add(7).Starts()
	}
	body.Day, body.Before, body.After = day.String(), day.Add(-step).String(), day.Add(step).String()
	sessions, err := s.Reports.Sessions(c.Request.Context(), report.SessionQuery{From: from, To: to, Timetable: true})
	if err != nil {
		return err
	}
	body.Total = len(sessions)
	page, err := body.turn(c.Query("page"), sessions)
	if err != nil {
		return err
	}
	if err := s.fill(c.Request.Context(), &body, page); err != nil {
		return err
	}
	for _, e := range page {
		d := calendar.DayOf(e.StartsAt).String()
		if n := len(body.Days); n == 0 || body.Days[n-1].Day != d {
			body.Days = append(body.Days, dayOfSessions{Day: d})
		}
		last := &body.Days[len(body.Days)-1]
		last.Sessions = append(last.Sessions, e)
	}
	return s.render(c, http.StatusOK, "registers", sheet{Title: "Registers", Here: "/registers", Body: body})
}

// fill adds to the sessions of a page what the timetable does not know.
func (s *Site) fill(ctx context.Context, body *registersBody, page []report.Session) (err error) {
	if err := s.Reports.Place(ctx, page); err != nil {
		return err
	}
	if err := s.Reports.Count(ctx, page); err != nil {
		return err
	}
	body.Gaps, err = s.gapsOf(ctx, page)
	return err
}

// sessionsPerPage is how many sessions the page of a day or week lists.
const sessionsPerPage = 150

// turn is the sessions of one page, and where the others are.
func (b *registersBody) turn(number string, sessions []report.Session) ([]report.Session, error) {
	n := 1
	if number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 1 {
			return nil, fmt.Errorf("%w: page %q is not a number from 1", report.ErrQuery, number)
		}
	}
	from := min((n-1)*sessionsPerPage, len(sessions))
	to := min(from+sessionsPerPage, len(sessions))
	unit := "day"
	if b.Week {
		unit = "week"
	}
	if n > 1 {
		b.Earlier = fmt.Sprintf("/registers?%s=%s&page=%d", unit, b.Day, n-1)
	}
	if to < len(sessions) {
		b.Later = fmt.Sprintf("/registers?%s=%s&page=%d", unit, b.Day, n+1)
	}
	return sessions[from:to], nil
}
