package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/report"
)

// weighedCoverage is what a room's readers covered of a register, beside what the policy asks for.
type weighedCoverage struct {
	report.RoomCoverage
	NeedPercent int64 `json:"need_percent" doc:"Share of the window, in per cent, that must be covered before an absence is concluded."`
	Concludes   bool  `json:"concludes" doc:"Whether somebody who did not tap in this room can be absent."`
	Open        bool  `json:"open" doc:"Whether the register is still open."`
}

// Outcome says what follows for those who did not tap.
func (c weighedCoverage) Outcome() string {
	switch {
	case c.ClosedBy != "":
		return "closed by hand"
	case c.Open:
		return "still open"
	case c.Concludes:
		return "absences are concluded: enough was covered"
	}
	return "no absence is concluded"
}

// weigh puts what the policies of the day ask for beside what was covered.
func (s *Site) weigh(ctx context.Context, rooms []report.RoomCoverage) ([]weighedCoverage, error) {
	book, err := s.Policies.Book(ctx)
	if err != nil {
		return nil, err
	}
	now, out := s.now(), make([]weighedCoverage, len(rooms))
	for i, c := range rooms {
		need := needed(book, c.StartsAt)
		out[i] = weighedCoverage{RoomCoverage: c, NeedPercent: need, Concludes: c.Concludes(need), Open: !now.After(c.ClosesAt)}
	}
	return out, nil
}

// needed is the most that any policy in force asks for, since students of several may be in one room.
func needed(book *policy.Book, at time.Time) (percent int64) {
	for _, p := range book.On(calendar.DayOf(at)) {
		percent = max(percent, p.Marking.MinCoverage)
	}
	return percent
}

type coverageBody struct {
	Day, Before, After string // yyyy-mm-dd
	Rooms              []weighedCoverage
	Undecided          int // registers of which no absence is concluded
	Reasons            int // different ones
}

// coverage lists the rooms that were not covered on a day, and why.
func (s *Site) coverage(c *gin.Context, _ *caller) error {
	day, rooms, err := s.notCoveredOn(c)
	if err != nil {
		return err
	}
	body := coverageBody{Day: day.String(), Before: day.Add(-1).String(), After: day.Add(1).String(), Rooms: rooms}
	reasons := map[report.Reason]bool{}
	for _, room := range rooms {
		if !room.Open && !room.Concludes && room.ClosedBy == "" {
			body.Undecided++
		}
		for _, g := range room.Gaps {
			for _, cause := range g.Causes {
				reasons[cause.Reason] = true
			}
		}
	}
	body.Reasons = len(reasons)
	return s.render(c, http.StatusOK, "coverage", sheet{Title: "Rooms not covered", Here: "/coverage", Live: true, Body: body})
}

// notCoveredOn reads the day that is asked for, today if none is.
func (s *Site) notCoveredOn(c *gin.Context) (calendar.Day, []weighedCoverage, error) {
	text := c.Query("day")
	if text == "" {
		text = calendar.DayOf(s.now()).String()
	}
	from, to, err := report.DaySpan(text)
	if err != nil {
		return calendar.Day{}, nil, err
	}
	found, err := s.Reports.NotCovered(c.Request.Context(), from, to)
	if err != nil {
		return calendar.Day{}, nil, err
	}
	rooms, err := s.weigh(c.Request.Context(), found)
	return calendar.DayOf(from), rooms, err
}

// coverageCSV writes the same, a line for each time and reader.
func (s *Site) coverageCSV(c *gin.Context, _ *caller) error {
	day, rooms, err := s.notCoveredOn(c)
	if err != nil {
		return err
	}
	w, err := s.newSheetWriter(c, "rooms-not-covered-"+day.String()+".csv")
	if err != nil {
		return err
	}
	if err := w.head("building", "room", "from", "until", "minutes", "reader", "reason", "why", "session", "module", "register_opens", "register_closes", "covered_percent", "needed_percent", "absences"); err != nil {
		return err
	}
	for _, room := range rooms {
		for _, g := range room.Gaps {
			for _, cause := range g.Causes {
				if err := w.row(coverageCells(room, g, cause)...); err != nil {
					return err
				}
			}
		}
	}
	return w.close()
}

func coverageCells(room weighedCoverage, g report.Gap, cause report.Cause) []string {
	at := func(t time.Time) string { return t.In(calendar.London).Format(time.RFC3339) }
	return []string{
		room.Room.Building, room.Room.ID, at(g.Since), at(g.Until), strconv.FormatFloat(g.Until.Sub(g.Since).Minutes(), 'f', 1, 64),
		cause.Point, string(cause.Reason), cause.Text, room.Session, room.Module, at(room.OpensAt), at(room.ClosesAt),
		strconv.FormatFloat(float64(room.Permille)/10, 'f', 1, 64), strconv.FormatInt(room.NeedPercent, 10), room.Outcome(),
	}
}

// gapsOf says for how long the rooms of sessions were not covered; those that were are not in it.
func (s *Site) gapsOf(ctx context.Context, sessions []report.Session) (sessionGaps, error) {
	rooms, err := s.Reports.NotCoveredOf(ctx, sessions)
	if err != nil {
		return nil, err
	}
	longest := map[string]time.Duration{}
	for _, room := range rooms {
		var sum time.Duration
		for _, g := range room.Gaps {
			sum += g.Until.Sub(g.Since)
		}
		longest[room.Session] = max(longest[room.Session], sum)
	}
	gaps := sessionGaps{}
	for session, d := range longest {
		gaps[session] = "Taps to come"
		if d > 0 {
			gaps[session] = lasting(time.Time{}, time.Time{}.Add(d)) + " not covered"
		}
	}
	return gaps, nil
}

type coverageInput struct {
	From time.Time `query:"from" required:"true" doc:"Registers of sessions that end after this."`
	To   time.Time `query:"to" required:"true" doc:"Registers of sessions that start before this."`
}

func (s *Site) apiCoverage(ctx context.Context, in *coverageInput) (*body[page[weighedCoverage]], error) {
	found, err := s.Reports.NotCovered(ctx, in.From, in.To)
	if err != nil {
		return nil, err
	}
	rooms, err := s.weigh(ctx, found)
	if err != nil {
		return nil, err
	}
	return pageOf(rooms, 0, nil), nil
}
