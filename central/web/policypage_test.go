package web

import (
	"cmp"
	"context"
	"os"
	"testing"

	"github.com/rollcall-edge/rollcall/central/policy"
)

// shelf has one book: one policy as it ships, the college's if it has no name.
type shelf struct {
	t    testing.TB
	name string
}

// Book implements Policies.
func (s shelf) Book(context.Context) (*policy.Book, error) {
	text, err := os.ReadFile("../../config/policies/" + cmp.Or(s.name, "college") + ".yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := policy.Parse("college.yaml", text)
	if err != nil {
		s.t.Fatal(err)
	}
	return policy.NewBook(p)
}
