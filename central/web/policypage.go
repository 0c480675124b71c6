package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Policies is where the policies in force are.
type Policies interface {
	Book(ctx context.Context) (*policy.Book, error)
}

type policyVersion struct {
	*policy.Policy
	Values  []policy.Value
	Assumed int  // values that are not from the source
	Ahead   bool // its day is still to come
}

// policies shows every version, the newest first, value by value, and which of them no source gives.
func (s *Site) policies(c *gin.Context, _ *caller) error {
	book, err := s.Policies.Book(c.Request.Context())
	if err != nil {
		return err
	}
	today := calendar.DayOf(s.now())
	var body []policyVersion
	for _, p := range book.Versions() {
		v := policyVersion{Policy: p, Values: p.Values(), Ahead: today.Before(p.From)}
		for _, value := range v.Values {
			if value.Assumed != "" {
				v.Assumed++
			}
		}
		body = append([]policyVersion{v}, body...)
	}
	return s.render(c, http.StatusOK, "policies", sheet{Title: "Policies", Here: "/policies", Body: body})
}
