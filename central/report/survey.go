package report

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SurveyFinding is what a rule said of something that is no single student: the university, a programme, a session, a room, a
// point, a card. It is never deleted, only superseded (G-6).
type SurveyFinding struct {
	ID           int64      `json:"id"`
	Rule         string     `json:"rule"`
	Subject      string     `json:"subject"` // "university", "programme LAW", "session X", "room X", "point X", "card 3fa9b1c2"
	Scope        string     `json:"scope"`
	Step         string     `json:"step"`
	Opens        string     `json:"opens"`
	Policy       string     `json:"policy"`
	AsOf         time.Time  `json:"as_of"`
	FoundAt      time.Time  `json:"found_at"`
	Summary      string     `json:"summary"`
	Deadline     string     `json:"deadline"`
	Evidence     []string   `json:"evidence"`
	SupersededAt *time.Time `json:"superseded_at"`
	SupersededBy string     `json:"superseded_by"`
}

// Session is the session that the finding is about; "" if it is about something else.
func (f SurveyFinding) Session() string {
	id, _ := strings.CutPrefix(f.Subject, "session ")
	if id == f.Subject {
		return ""
	}
	return id
}

// surveySource reads what is said of the university as a whole.
type surveySource interface {
	// SurveyFindings lists the newest, those that hold first; those of rules about visas only for whom may know of them.
	SurveyFindings(ctx context.Context, limit int, sponsorship bool) ([]SurveyFinding, error)
}

// SurveyFindings lists the newest findings about no single student. sponsorship says whether the reader may know of visas.
func (r *Reports) SurveyFindings(ctx context.Context, limit int, sponsorship bool) ([]SurveyFinding, error) {
	findings, err := r.source.SurveyFindings(ctx, limit, sponsorship)
	if err != nil {
		return nil, fmt.Errorf("read findings of surveys: %w", err)
	}
	return findings, nil
}
