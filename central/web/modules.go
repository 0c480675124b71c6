package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/report"
)

type modulesBody struct {
	report.TermModules
	Terms []report.Term
	CSV   string
}

// modules is the term report: how each module is attended.
func (s *Site) modules(c *gin.Context, _ *caller) (err error) {
	var body modulesBody
	if body.TermModules, err = s.Reports.TermModules(c.Request.Context(), c.Query("term")); err != nil {
		return err
	}
	if body.Terms, err = s.Reports.Terms(c.Request.Context()); err != nil {
		return err
	}
	body.CSV = "/modules.csv?" + url.Values{"term": {body.Term.ID}}.Encode()
	return s.render(c, http.StatusOK, "modules", sheet{Title: "Modules", Here: "/engagement", Body: body})
}

// studentsAtOnce is how many students the file is read by: it is written while it is read.
const studentsAtOnce = 500

// modulesCSV writes one line for each student and module of a term.
func (s *Site) modulesCSV(c *gin.Context, _ *caller) error {
	term, err := s.Reports.Term(c.Request.Context(), c.Query("term"))
	if err != nil {
		return err
	}
	w, err := s.newSheetWriter(c, "modules-"+term.ID+".csv")
	if err != nil {
		return err
	}
	if err := w.head("student", "module", "term", "attended", "counted", "percent"); err != nil {
		return err
	}
	after := ""
	for {
		rates, err := s.Reports.Modules(c.Request.Context(), term.ID, after, studentsAtOnce)
		if err != nil {
			return err
		}
		if len(rates) == 0 {
			return w.close()
		}
		for _, r := range rates {
			if err := w.row(r.Student, r.Module, term.ID, count(r.Rate.Attended), count(r.Rate.Counted), percent(r.Rate)); err != nil {
				return err
			}
		}
		after = rates[len(rates)-1].Student
	}
}

type modulesInput struct {
	Term string `query:"term" doc:"Term identifier; the present one if left out."`
}

func (s *Site) apiModules(ctx context.Context, in *modulesInput) (*body[[]report.ModuleTotal], error) {
	modules, err := s.Reports.TermModules(ctx, in.Term)
	return &body[[]report.ModuleTotal]{modules.Modules}, err
}
