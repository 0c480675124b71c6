package web

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
)

type studentBody struct {
	report.Student
	Terms  []report.Term
	Counts report.Marks
	Taps   int
	Listed map[string]bool // sessions that the page lists
}

// student shows one student's record, as a page or, for an address that ends in .csv, as a table for a spreadsheet.
func (s *Site) student(c *gin.Context, who *caller) error {
	id, asCSV := strings.CutSuffix(c.Param("id"), ".csv")
	ctx := c.Request.Context()
	record, err := s.Reports.Student(ctx, id, c.Query("term"), who.Role.May(account.SeeSponsorship))
	if err != nil {
		return err
	}
	if asCSV {
		return s.studentCSV(c, record)
	}
	body := studentBody{Student: record, Counts: report.Marks{}, Taps: len(record.Loose), Listed: map[string]bool{}}
	for _, contact := range record.Contacts {
		body.Counts[contact.Mark.Code]++
		body.Listed[contact.Session.ID] = true
		body.Taps += len(contact.Others)
		if contact.Credited != nil {
			body.Taps++
		}
	}
	if body.Terms, err = s.Reports.Terms(ctx); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "student", sheet{Title: record.Name, Here: "/engagement", Body: body})
}

type tapBody struct{ report.Evidence }

// tap shows one tap and the record it came in.
func (s *Site) tap(c *gin.Context, _ *caller) error {
	e, err := s.Reports.Evidence(c.Request.Context(), c.Param("stream")+"/"+c.Param("seq"))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "tap", sheet{Title: "Tap " + e.Tap.ID, Here: "/engagement", Body: tapBody{e}})
}

// tapProof hands out the proof that one tap is in its gateway's stream as it was signed; it shows nobody else's tap.
func (s *Site) tapProof(c *gin.Context, _ *caller) error {
	id, err := contract.ParseTapID(c.Param("stream") + "/" + c.Param("seq"))
	if err != nil {
		return fmt.Errorf("%w: %w", report.ErrQuery, err)
	}
	p, err := s.Proofs.ProveTap(c.Request.Context(), id)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		return err
	}
	name := fmt.Sprintf("tap-%s-%d.proof.json", id.Stream, id.Seq)
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Data(http.StatusOK, "application/json", file.Bytes())
	return nil
}
