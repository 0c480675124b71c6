package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// allTime stands for every term in the address of a list of findings; no term can be called so.
const allTime = "*"

// findingQuery is what the address of a list of findings says. Its names are those of the form's fields.
type findingQuery struct {
	Term, Search, Rule, Opens, State string
	Newest, Due                      bool
	Page                             int // from 1
}

// readFindingQuery reads an address. Empty fields, which a form sends too, choose nothing.
func readFindingQuery(v url.Values) (findingQuery, error) {
	q := findingQuery{
		Term: v.Get("term"), Search: v.Get("q"), Rule: v.Get("rule"), Opens: v.Get("opens"), State: v.Get("state"),
		Newest: v.Get("sort") == "newest", Due: v.Get("due") != "", Page: 1,
	}
	text := v.Get("page")
	if text == "" {
		return q, nil
	}
	var err error
	if q.Page, err = strconv.Atoi(text); err != nil || q.Page < 1 || q.Page > 1_000_000 {
		return q, fmt.Errorf("%w: page=%q is not a number from 1 to 1000000", report.ErrQuery, text)
	}
	return q, nil
}

// filter is the question for the reports, as far as the caller may ask it.
func (q findingQuery) filter(who *caller) report.FindingFilter {
	return report.FindingFilter{
		Search: q.Search, Rule: q.Rule, Opens: rules.Opens(q.Opens), State: report.FindingState(q.State), Due: q.Due, Newest: q.Newest,
		Limit: perPage, Offset: (q.Page - 1) * perPage, Sponsorship: who.Role.May(account.SeeSponsorship),
	}
}

// forReader drops the question its reader may not ask, so that no link repeats it.
func (q findingQuery) forReader(who *caller) findingQuery {
	if !who.Role.May(account.SeeSponsorship) && !slices.Contains(report.PlainRules(), q.Rule) {
		q.Rule = ""
	}
	return q
}

// term is what Reports asks for.
func (q findingQuery) term() (term string, all bool) {
	if q.Term == allTime {
		return "", true
	}
	return q.Term, false
}

// values writes the query back.
func (q findingQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"term": q.Term, "q": q.Search, "rule": q.Rule, "opens": q.Opens, "state": q.State} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Newest {
		v.Set("sort", "newest")
	}
	if q.Due {
		v.Set("due", "1")
	}
	if q.Page > 1 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	return v
}

// with is the address of the same list with one value changed, or dropped if it is empty; any change but of the page begins
// at the first page.
func (q findingQuery) with(name, value string) string {
	v := q.values()
	if name != "page" {
		v.Del("page")
	}
	v.Set(name, value)
	if value == "" {
		v.Del(name)
	}
	return "/findings?" + v.Encode()
}
