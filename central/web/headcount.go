package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/report"
)

// mayCount tells why heads cannot be counted in a session yet, or not any more.
func mayCount(e report.Session, now time.Time) error {
	if e.Cancelled || now.Before(e.OpensAt) {
		return fmt.Errorf("%w: heads are counted while the class is there, from %s", errForm, e.OpensAt.In(calendar.London).Format("15:04 on 2 January"))
	}
	return nil
}

// countHeads adds how many people somebody saw in a session (C-6).
func (s *Site) countHeads(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	ctx := c.Request.Context()
	reg, err := s.Reports.Register(ctx, c.Param("session"))
	if err != nil {
		return err
	}
	now := s.now()
	if err := mayCount(reg.Session, now); err != nil {
		return err
	}
	h := report.Headcount{Counter: who.Actor, MadeAt: now}
	if h.People, err = strconv.ParseInt(c.PostForm("people"), 10, 64); err != nil || h.People < 0 || h.People > 10000 {
		return fmt.Errorf("%w: write how many people you counted, 0 to 10000", errForm)
	}
	if h.At, err = countedAt(c.PostForm("at"), reg.Session, now); err != nil {
		return err
	}
	if err := s.Facts.AddHeadcount(ctx, reg.Session.ID, h); err != nil {
		return err
	}
	s.Changed()
	s.Log.Info("heads counted", "session", reg.Session.ID, "by", who.Actor)
	toRegister(c, reg.Session.ID, "counted")
	return nil
}

// countedAt is the moment of a count: a time on the session's day, or now when nothing is written.
func countedAt(text string, e report.Session, now time.Time) (time.Time, error) {
	at := now
	if text != "" {
		clock, err := time.Parse(time.TimeOnly, text)
		if err != nil {
			clock, err = time.Parse("15:04", text)
		}
		if err != nil {
			return at, fmt.Errorf("%w: write the time of the count as 09:30", errForm)
		}
		day := calendar.DayOf(e.StartsAt)
		at = time.Date(day.Year, day.Month, day.Day, clock.Hour(), clock.Minute(), clock.Second(), 0, calendar.London)
	}
	if at.Before(e.OpensAt) || at.After(e.EndsAt) || at.After(now) {
		return at, fmt.Errorf("%w: heads are counted between the opening of the register and the end of the class; write when you counted", errForm)
	}
	return at.UTC(), nil
}

type headcountsBody struct {
	Visits int // asked for
	Drawn  []report.Session
	At     time.Time // of the draw; zero before it
}

// usualVisits is how many sessions are drawn when nobody says.
const usualVisits = 3

// headcounts is where somebody who counts heads has sessions drawn.
func (s *Site) headcounts(c *gin.Context, _ *caller) error {
	return s.renderHeadcounts(c, headcountsBody{Visits: usualVisits})
}

// drawHeadcounts draws sessions and shows them, once: nothing is kept that somebody could look up before the visit. That there was a
// draw, and by whom, is in the log: who draws until it suits them is seen there.
func (s *Site) drawHeadcounts(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	visits, err := strconv.Atoi(c.PostForm("visits"))
	if err != nil || visits < 1 || visits > 20 {
		return fmt.Errorf("%w: write how many sessions to visit, 1 to 20", errForm)
	}
	drawn, err := s.Reports.Draw(c.Request.Context(), visits)
	if err != nil {
		return err
	}
	s.Log.Info("sessions drawn for headcounts", "sessions", len(drawn), "by", who.Actor)
	return s.renderHeadcounts(c, headcountsBody{Visits: visits, Drawn: drawn, At: s.now()})
}

func (s *Site) renderHeadcounts(c *gin.Context, body headcountsBody) error {
	return s.render(c, http.StatusOK, "headcounts", sheet{Title: "Headcounts", Here: "/registers", Body: body})
}
