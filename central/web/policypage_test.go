package web

import (
	"context"
	"os"
	"testing"

	"github.com/rollcall-edge/rollcall/central/policy"
)

// shelf has one book: the college's policy as it ships.
type shelf struct{ t testing.TB }

// Book implements Policies.
func (s shelf) Book(context.Context) (*policy.Book, error) {
	text, err := os.ReadFile("../../config/policies/college.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := policy.Parse("college.yaml", text)
	if err != nil {
		s.t.Fatal(err)
	}
	return policy.NewBook(p)
}
