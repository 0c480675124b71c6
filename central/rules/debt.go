package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// debts is rule E-17. Source 003, section 15, "Debtors (X3)": students with an X code status are contacted "to explain the
// attendance requirements", and "failure to pay tuition fees within 42 days of the due date will result in the immediate
// termination of registration".
//
//   - The 42 days are calendar days after the due day; all of the 42nd is still in time, and the task is there on the 43rd.
//   - What was recorded last of an invoice holds: its due day may be moved. Payments of an invoice are summed up to that day.
//   - An X status is explained on the day after the due day, if the invoice is not paid by then: before, nothing is owed.
//   - An invoice without an amount is a status alone: it is explained, and nobody's registration is ended over it.
//   - "Should not attend" stops nobody at a door: taps of debtors count as anybody's.
//
// It speaks of all students. The report to UKVI that follows a deregistration is E-12.
func debts(s Student) []Finding {
	var findings []Finding
	for _, f := range s.invoices() {
		findings = append(findings, s.explained(f)...)
		findings = append(findings, s.unpaid(f)...)
	}
	return findings
}

// invoices are the fees, each as it was recorded last.
func (s Student) invoices() []engagement.Fact {
	var invoices []engagement.Fact
	for _, f := range s.Of(engagement.Fee) {
		i := slices.IndexFunc(invoices, func(held engagement.Fact) bool { return held.Of == f.Of })
		switch {
		case i < 0:
			invoices = append(invoices, f)
		case invoices[i].ID < f.ID:
			invoices[i] = f
		}
	}
	return invoices
}

// statuses are the fee statuses of debtors in the student record.
var statuses = []string{"X", "X3"}

func (s Student) explained(f engagement.Fact) []Finding {
	due := calendar.DayOf(f.At)
	day := due.Add(1).Starts()
	p := s.on(day)
	if day.After(s.AsOf) || p == nil || p.Rules.Debt == nil || !slices.Contains(statuses, f.Value) {
		return nil
	}
	if f.Amount > 0 && (s.paid(f.Of, due) >= f.Amount || !s.heardThrough(engagement.Payment, due.Ends())) {
		return nil
	}
	return []Finding{{
		Rule: "E-17", Scope: f.Of, Step: "explain requirements", Opens: Alert, AsOf: day, Evidence: evidence(f), Policy: p.ID(),
		Summary: fmt.Sprintf("Fee status %s, due on %s; explain that attendance is required and what follows", f.Value, due),
	}}
}

func (s Student) unpaid(f engagement.Fact) []Finding {
	due := calendar.DayOf(f.At)
	held := s.on(f.At)
	if f.Amount <= 0 || held == nil || held.Rules.Debt == nil {
		return nil
	}
	last := due.Add(held.Rules.Debt.Days)
	day := last.Add(1).Starts()
	p, paid := s.on(day), s.paid(f.Of, last)
	if day.After(s.AsOf) || p == nil || p.Rules.Debt == nil || paid >= f.Amount || !s.heardThrough(engagement.Payment, last.Ends()) {
		return nil
	}
	return []Finding{{
		Rule: "E-17", Scope: f.Of, Step: "terminate registration", Opens: Task, AsOf: day, Evidence: evidence(f), Policy: p.ID(),
		Summary: fmt.Sprintf("%s of %s paid %d days after the due day, %s; decide on terminating the registration", pounds(paid), pounds(f.Amount), held.Rules.Debt.Days, due),
	}}
}

// paid is what was paid of an invoice by the end of a day. The same payment recorded twice counts once: same day, sum and
// reference.
func (s Student) paid(invoice string, last calendar.Day) int64 {
	type payment struct {
		day    calendar.Day
		amount int64
		note   string
	}
	var sum int64
	seen := map[payment]bool{}
	for _, f := range s.Facts {
		one := payment{calendar.DayOf(f.At), f.Amount, f.Note}
		if f.Kind != engagement.Payment || f.Of != invoice || last.Before(one.day) || seen[one] {
			continue
		}
		seen[one] = true
		sum += f.Amount
	}
	return sum
}

func pounds(pence int64) string { return fmt.Sprintf("£%d.%02d", pence/100, pence%100) }
