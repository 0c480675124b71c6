package web

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/report"
)

// listQuery is what the address of a list of students says. Its names are those of the form's fields.
type listQuery struct {
	Term, Search, Department, Sort string
	Level                          *report.Level
	Visa, Due, Pending             bool
	Below, Missed                  int64
	Page                           int // from 1
}

// readListQuery reads an address. Empty fields, which a form sends too, choose nothing.
func readListQuery(v url.Values) (listQuery, error) {
	q := listQuery{
		Term: v.Get("term"), Search: v.Get("q"), Department: v.Get("department"), Sort: v.Get("sort"),
		Visa: v.Get("visa") != "", Due: v.Get("due") != "", Pending: v.Get("pending") != "", Page: 1,
	}
	page, below, missed, level := int64(1), int64(0), int64(0), int64(-1)
	for _, n := range []struct {
		name     string
		to       *int64
		from, up int64
	}{{"page", &page, 1, 1_000_000}, {"below", &below, 1, 100}, {"missed", &missed, 1, 10_000}, {"level", &level, 0, 4}} {
		text := v.Get(n.name)
		if text == "" {
			continue
		}
		var err error
		if *n.to, err = strconv.ParseInt(text, 10, 64); err != nil || *n.to < n.from || *n.to > n.up {
			return q, fmt.Errorf("%w: %s=%q is not a number from %d to %d", report.ErrQuery, n.name, text, n.from, n.up)
		}
	}
	q.Page, q.Below, q.Missed = int(page), below, missed
	if level >= 0 {
		l := report.Level(level)
		q.Level = &l
	}
	return q, nil
}

// filter is the question for the reports, as far as the caller may ask it.
func (q listQuery) filter(who *caller) report.Filter {
	f := report.Filter{
		Search: q.Search, Department: q.Department, Level: q.Level, Visa: q.Visa, Below: q.Below, MissedFrom: q.Missed,
		Due: q.Due, Pending: q.Pending, Order: report.Order(q.Sort), Limit: perPage, Offset: (q.Page - 1) * perPage,
		Sponsorship: who.Role.May(account.SeeSponsorship),
	}
	if f.Order == "" {
		f.Order = report.MostUrgent
	}
	return f
}

// forReader drops the questions its reader may not ask, so that no link repeats them.
func (q listQuery) forReader(who *caller) listQuery {
	if !who.Role.May(account.SeeSponsorship) {
		q.Visa, q.Due = false, false
	}
	return q
}

// values writes the query back.
func (q listQuery) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	set("term", q.Term)
	set("q", q.Search)
	set("department", q.Department)
	set("sort", q.Sort)
	set("below", strconv.FormatInt(q.Below, 10))
	set("missed", strconv.FormatInt(q.Missed, 10))
	if q.Level != nil {
		v.Set("level", strconv.Itoa(int(*q.Level)))
	}
	for name, on := range map[string]bool{"visa": q.Visa, "due": q.Due, "pending": q.Pending} {
		if on {
			v.Set(name, "1")
		}
	}
	if q.Page > 1 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

func (q listQuery) without(names ...string) url.Values {
	v := q.values()
	for _, n := range names {
		v.Del(n)
	}
	return v
}

// with is the address of the same list with one value changed; any change but of the page begins at the first page.
func (q listQuery) with(name, value string) string {
	v := q.values()
	if name != "page" {
		v.Del("page")
	}
	v.Set(name, value)
	return "/engagement?" + v.Encode()
}

// chosen says what is chosen by links rather than by the form, and where to go to drop it.
func (q listQuery) chosen() (words, without string) {
	link := func(names ...string) string { return "/engagement?" + q.without(append(names, "page")...).Encode() }
	switch {
	case q.Below > 0:
		return fmt.Sprintf("attendance below %d%%", q.Below), link("below")
	case q.Missed > 0:
		return fmt.Sprintf("%d missed contacts or more", q.Missed), link("missed")
	case q.Due:
		return "with a report due", link("due")
	case q.Pending:
		return "with sessions not known yet", link("pending")
	}
	return "", ""
}

// Hidden are the choices made by links, for the form to keep.
func (q listQuery) Hidden() map[string]string {
	hidden := make(map[string]string)
	for _, name := range []string{"below", "missed", "due", "pending", "sort"} {
		if v := q.values().Get(name); v != "" {
			hidden[name] = v
		}
	}
	return hidden
}

// AtLevel reports whether the list is of one level.
func (q listQuery) AtLevel(l report.Level) bool { return q.Level != nil && *q.Level == l }
