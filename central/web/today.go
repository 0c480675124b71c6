package web

import (
	"net/http"
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
	Taps     []tapLine        // empty for those who may not see students
	Gateways int
	Silent   int
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
	sessions, err := s.Reports.Sessions(ctx, report.SessionQuery{From: from, To: to})
	if err != nil {
		return err
	}
	body := todayBody{Now: now}
	for _, e := range sessions {
		switch {
		case now.Before(e.OpensAt):
			body.Next = append(body.Next, e)
		case e.Cancelled || now.After(e.EndsAt) && now.After(e.ClosesAt): // a cancelled session has no register to be open
			body.Earlier = append([]report.Session{e}, body.Earlier...)
		default:
			body.Open = append(body.Open, e)
		}
	}
	if who.May("see students") {
		if body.Taps, err = s.latest(c, now); err != nil {
			return err
		}
	}
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
	return s.render(c, http.StatusOK, "today", sheet{Title: "Today", Here: "/", Live: true, Notice: notices[c.Query("done")], Body: body})
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
	Total              int
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
	sessions, err := s.Reports.Sessions(c.Request.Context(), report.SessionQuery{From: from, To: to})
	if err != nil {
		return err
	}
	body.Total = len(sessions)
	for _, e := range sessions {
		d := calendar.DayOf(e.StartsAt).String()
		if n := len(body.Days); n == 0 || body.Days[n-1].Day != d {
			body.Days = append(body.Days, dayOfSessions{Day: d})
		}
		last := &body.Days[len(body.Days)-1]
		last.Sessions = append(last.Sessions, e)
	}
	return s.render(c, http.StatusOK, "registers", sheet{Title: "Registers", Here: "/registers", Body: body})
}
