package web

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// mayAmend asks the policy (W-9, W-10). Who is on no line of the register is told so when it is stored.
func mayAmend(book *policy.Book, reg report.Register, a report.Amendment, who *caller) error {
	i := slices.IndexFunc(reg.Rows, func(r report.RegisterRow) bool { return r.Student == a.Student })
	if i < 0 {
		return nil
	}
	row := reg.Rows[i]
	return register.MayAmendBy(book, row.Mark.Policy, register.Attempt{
		Code: register.Code(a.Code), Lecturer: who.Role == account.Lecturer, Tapped: row.Tap != nil,
		StartsAt: reg.Session.StartsAt, EndsAt: reg.Session.EndsAt, At: a.MadeAt,
	})
}

// mayAmendSomebody tells why the caller may amend no mark of a session, whoever it is about; nil when there may be one.
func mayAmendSomebody(book *policy.Book, s report.Session, who *caller, now time.Time) (err error) {
	attempt := register.Attempt{Code: register.Authorised, Lecturer: who.Role == account.Lecturer, EndsAt: s.EndsAt, At: now}
	for _, p := range book.On(calendar.DayOf(s.StartsAt)) {
		if err = register.MayAmend(p.Marking, attempt); err == nil {
			return nil
		}
	}
	return err
}
