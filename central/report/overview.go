package report

import (
	"context"
	"fmt"
)

// Totals are sums over the standings of one term. Thresholds are counted on integers and only for students with counted
// contacts; they say nothing of warnings, which need a least number of contacts.
type Totals struct {
	Students   int64  `json:"students"`
	Rate       Rate   `json:"rate"`
	Below90    int64  `json:"below_90"`
	Below85    int64  `json:"below_85"`
	Below80    int64  `json:"below_80"`
	TenMissed  int64  `json:"ten_missed"`      // ten missed contacts or more
	TenVisa    int64  `json:"ten_missed_visa"` // of them on a Student visa
	Due        int64  `json:"reports_due"`     // with a report due to UKVI
	FirstDue   string `json:"first_due"`       // the earliest of those days; "" if none
	Pending    int64  `json:"pending_marks"`   // marks not known yet
	PendingFor int64  `json:"pending_students"`
}

// Overview is the head of the engagement page.
type Overview struct {
	Term     Term
	Totals   Totals
	Trend    Trend
	Gateways int       // in service
	Silent   []Gateway // of them, not heard lately, or holding records central has not got
}

// Overview reads the figures of a term; term "" is the present one.
func (r *Reports) Overview(ctx context.Context, term string, sponsorship bool) (Overview, error) {
	t, err := r.Term(ctx, term)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{Term: t}
	if o.Totals, err = r.source.Totals(ctx, t.ID); err != nil {
		return Overview{}, fmt.Errorf("sum standings: %w", err)
	}
	if !sponsorship {
		o.Totals.TenVisa, o.Totals.Due, o.Totals.FirstDue = 0, 0, ""
	}
	if o.Trend, err = r.Trend(ctx, t); err != nil {
		return Overview{}, err
	}
	gateways, err := r.Gateways(ctx)
	if err != nil {
		return Overview{}, err
	}
	for _, g := range gateways {
		if g.RevokedAt != nil {
			continue
		}
		o.Gateways++
		if g.Silent || g.Missing > 0 {
			o.Silent = append(o.Silent, g)
		}
	}
	return o, nil
}
