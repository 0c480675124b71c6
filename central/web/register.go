package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

type registerBody struct {
	report.Register
	Gaps       []weighedCoverage
	Codes      []report.Code
	AmendCodes []report.Code
	Amendable  string // why the caller may not amend; "" if they may
	CanClose   bool
	Over       bool
	CanSign    string // why the sheet cannot be signed now; "" if it can
	CanApprove string // why it cannot be approved now; "" if it can
	CanCount   bool
}

func (s *Site) register(c *gin.Context, who *caller) error {
	reg, err := s.Reports.Register(c.Request.Context(), c.Param("session"))
	if err != nil {
		return err
	}
	now := s.now()
	body := registerBody{
		Register: reg, Codes: report.Codes, AmendCodes: report.AmendCodes,
		CanClose: who.May("close registers") && canClose(reg.Session, now) == nil, Over: now.After(reg.Session.EndsAt),
	}
	if body.Gaps, err = s.weigh(c.Request.Context(), reg.NotCovered); err != nil {
		return err
	}
	book, err := s.Policies.Book(c.Request.Context())
	if err != nil {
		return err
	}
	if err := mayAmendSomebody(book, reg.Session, who, now); err != nil {
		body.Amendable = sentence(err.Error())
	}
	body.CanSign, body.CanApprove = whyNot(reg, register.Signed, who, now), whyNot(reg, register.Approved, who, now)
	body.CanCount = who.May("count heads") && mayCount(reg.Session, now) == nil
	return s.render(c, http.StatusOK, "register", sheet{
		Title: reg.Session.Module + " register", Here: "/registers", Live: !body.Over, Notice: notices[c.Query("done")], Body: body,
	})
}

// readReason reads why staff change something. People read it later beside the mark.
func readReason(c *gin.Context) (string, error) {
	reason := strings.TrimSpace(c.PostForm("reason"))
	if n := utf8.RuneCountInString(reason); n < 3 || n > 500 {
		return "", fmt.Errorf("%w: say why, in 3 to 500 characters", errForm)
	}
	return reason, nil
}

// amend adds a change of one mark to the record (W-10).
func (s *Site) amend(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	ctx := c.Request.Context()
	reg, err := s.Reports.Register(ctx, c.Param("session"))
	if err != nil {
		return err
	}
	now := s.now()
	book, err := s.Policies.Book(ctx)
	if err != nil {
		return err
	}
	a := report.Amendment{Session: reg.Session.ID, Student: c.PostForm("student"), Code: report.Code(c.PostForm("code")), Actor: who.Actor, MadeAt: now}
	if !slices.Contains(report.AmendCodes, a.Code) {
		return fmt.Errorf("%w: choose one of the marks P, L, A, E, R and N", errForm)
	}
	if a.Reason, err = readReason(c); err != nil {
		return err
	}
	if err := mayAmend(book, reg, a, who); err != nil {
		return err
	}
	if err := s.Facts.AddAmendment(ctx, a); err != nil {
		return err
	}
	s.Changed()
	s.Log.Info("mark amended", "session", a.Session, "code", string(a.Code), "by", a.Actor)
	toRegister(c, a.Session, "amended")
	return nil
}

// canClose tells why a register may not be closed by hand yet: an absence cannot be concluded before the window is over.
func canClose(e report.Session, now time.Time) error {
	if now.Before(e.ClosesAt) {
		return fmt.Errorf("%w: the register is open until %s; close it after that", errForm, e.ClosesAt.Format(time.RFC3339))
	}
	return nil
}

// closeRegister lets absences be concluded although a gateway has not reported (G-3).
func (s *Site) closeRegister(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	ctx := c.Request.Context()
	reg, err := s.Reports.Register(ctx, c.Param("session"))
	if err != nil {
		return err
	}
	if err := canClose(reg.Session, s.now()); err != nil {
		return err
	}
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	if err := s.Facts.CloseRegister(ctx, reg.Session.ID, report.Closure{Actor: who.Actor, Reason: reason, MadeAt: s.now()}); err != nil {
		return err
	}
	s.Changed()
	s.Log.Info("register closed by hand", "session", reg.Session.ID, "by", who.Actor)
	toRegister(c, reg.Session.ID, "closed")
	return nil
}

func toRegister(c *gin.Context, session, done string) {
	c.Redirect(http.StatusSeeOther, "/registers/"+url.PathEscape(session)+"?done="+done)
}
