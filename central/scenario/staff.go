package scenario

import (
	"context"

	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

func (w *world) amend(ctx context.Context, s *Step) error {
	for _, a := range s.Amendments {
		err := w.central.Amend(ctx, report.Amendment{
			Student: w.number(a.Student), Session: w.sessionID(a.Session), Code: report.Code(a.To), Reason: a.Reason,
			Actor: orElse(a.By, "scenario"), MadeAt: w.now,
		}, a.Role == lecturer)
		if err != nil {
			return err
		}
		w.story.tell(w.now, "%s records %s for %s in %s: %s", orElse(a.By, "staff"), a.To, a.Student, w.sessionID(a.Session), a.Reason)
	}
	return nil
}

// lecturer is the role of the session's staff; everybody else is of the attendance team.
const lecturer = "lecturer"

func (w *world) countHeads(ctx context.Context, s *Step) error {
	for _, h := range s.Headcounts {
		count := report.Headcount{Counter: orElse(h.By, "scenario"), At: w.now, People: int64(h.People), MadeAt: w.now}
		if err := w.central.CountHeads(ctx, w.sessionID(h.Session), count); err != nil {
			return err
		}
		w.story.tell(w.now, "%s counts %d people in %s", count.Counter, h.People, w.sessionID(h.Session))
	}
	return nil
}

func (w *world) closeRegisters(ctx context.Context, s *Step) error {
	for _, c := range s.CloseRegister {
		closure := report.Closure{Actor: orElse(c.By, "scenario"), Reason: c.Reason, MadeAt: w.now}
		if err := w.central.CloseRegister(ctx, w.sessionID(c.Session), closure); err != nil {
			return err
		}
		w.story.tell(w.now, "%s closes the register of %s", closure.Actor, w.sessionID(c.Session))
	}
	return nil
}

// validCode are the marks that a scenario may name.
var validCodes = []string{
	string(register.Present), string(register.Late), string(register.Absent), string(register.Authorised), string(register.Remote),
	string(register.Cancelled), string(register.NotNeeded), string(register.Unknown),
}
