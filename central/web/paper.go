package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// whyNot says why the caller cannot sign a sheet now; "" when they can, or when it is not theirs to sign.
func whyNot(reg report.Register, step register.Step, who *caller, now time.Time) string {
	if err := reg.Check(step, who.Actor, now); err != nil {
		return sentence(err.Error())
	}
	return ""
}

// sign adds the caller's signature to a register's sheet (C-4).
func (s *Site) sign(step register.Step) handler {
	return func(c *gin.Context, who *caller) error {
		ctx := c.Request.Context()
		reg, err := s.Reports.Register(ctx, c.Param("session"))
		if err != nil {
			return err
		}
		now := s.now()
		if err := reg.Check(step, who.Actor, now); err != nil {
			return err
		}
		if err := s.Facts.AddSignature(ctx, reg.Session.ID, report.Signature{Step: string(step), Actor: who.Actor, MadeAt: now}); err != nil {
			return err
		}
		s.Log.Info("register "+string(step), "session", reg.Session.ID, "by", who.Actor)
		toRegister(c, reg.Session.ID, string(step))
		return nil
	}
}

type paperBody struct {
	report.Register
	Over bool // the marks are worth printing
}

// paper is a register to print, with a column for initials and lines for signatures: before the class a sheet to fill in, after it
// the record (C-4).
func (s *Site) paper(c *gin.Context, _ *caller) error {
	reg, err := s.Reports.Register(c.Request.Context(), c.Param("session"))
	if err != nil {
		return err
	}
	body := paperBody{reg, s.now().After(reg.Session.EndsAt)}
	return s.render(c, http.StatusOK, "paper", sheet{Title: reg.Session.Module + " sheet", Here: "/registers", Body: body})
}
