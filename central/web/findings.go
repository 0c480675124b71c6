package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

type findingsBody struct {
	Query          findingQuery
	List           report.FindingList
	Terms          []report.Term
	Opens          []rules.Opens
	AllTime        bool
	Sums           report.RuleCount // over the rules that are chosen
	From, To       int
	Previous, Next string
	CSV            string
	OnlyDue        string // the same list with deadlines alone
	OnlyCases      string
	Everything     string // the same list without the two
}

// findings lists what the rules said of all students, those due first in front.
func (s *Site) findings(c *gin.Context, who *caller) error {
	ctx := c.Request.Context()
	query, err := readFindingQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	query = query.forReader(who)
	body := findingsBody{Query: query, Opens: report.Opens}
	term, all := query.term()
	body.AllTime = all
	if body.List, err = s.Reports.Findings(ctx, term, all, query.filter(who)); err != nil {
		return err
	}
	if body.Terms, err = s.Reports.Terms(ctx); err != nil {
		return err
	}
	body.arrange()
	return s.render(c, http.StatusOK, "findings", sheet{Title: "Findings", Here: "/findings", Body: body})
}

// arrange fills in the sums and the links around the list.
func (b *findingsBody) arrange() {
	for _, n := range b.List.Rules {
		if b.Query.Rule == "" || b.Query.Rule == n.Rule {
			b.Sums.Total, b.Sums.Cases, b.Sums.Due, b.Sums.Passed = b.Sums.Total+n.Total, b.Sums.Cases+n.Cases, b.Sums.Due+n.Due, b.Sums.Passed+n.Passed
		}
	}
	b.From = min((b.Query.Page-1)*perPage+1, b.List.Total)
	b.To = min(b.Query.Page*perPage, b.List.Total)
	if b.Query.Page > 1 {
		b.Previous = b.Query.with("page", strconv.Itoa(b.Query.Page-1))
	}
	if b.To < b.List.Total {
		b.Next = b.Query.with("page", strconv.Itoa(b.Query.Page+1))
	}
	first := b.Query
	first.Page = 1
	b.CSV = "/findings.csv?" + first.values().Encode()
	b.OnlyDue, b.OnlyCases = b.Query.with("due", "1"), b.Query.with("opens", string(rules.Case))
	first.Due, first.Opens = false, ""
	b.Everything = "/findings?" + first.values().Encode()
}

// findingsCSV writes the list that the page with the same query shows, all pages of it.
func (s *Site) findingsCSV(c *gin.Context, who *caller) error {
	query, err := readFindingQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	query = query.forReader(who)
	f := query.filter(who)
	f.Limit, f.Offset = 0, 0
	term, all := query.term()
	list, err := s.Reports.Findings(c.Request.Context(), term, all, f)
	if err != nil {
		return err
	}
	name := "findings-" + list.Term.ID + ".csv"
	if all {
		name = "findings.csv"
	}
	w, err := s.newSheetWriter(c, name)
	if err != nil {
		return err
	}
	err = w.head("finding", "student", "subject", "name", "department", "rule", "scope", "step", "opens", "summary", "deadline", "met_at", "found_at", "policy",
		"rests_on", "superseded_at", "superseded_because")
	if err != nil {
		return err
	}
	for _, row := range list.Rows {
		if err := w.row(findingCells(row)...); err != nil {
			return err
		}
	}
	return w.close()
}
