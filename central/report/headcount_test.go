package report

import (
	"slices"
	"testing"
)

// Every session comes up now and then, none twice in one draw, and never more than there are.
func TestDraw(t *testing.T) {
	seen := map[int]bool{}
	for range 500 {
		drawn, err := draw([]int{1, 2, 3, 4, 5}, 2)
		if err != nil || len(drawn) != 2 || drawn[0] == drawn[1] {
			t.Fatalf("draw = %v, %v", drawn, err)
		}
		seen[drawn[0]], seen[drawn[1]] = true, true
	}
	if len(seen) != 5 {
		t.Errorf("in 500 draws only %v came up", seen)
	}
	all, _ := draw([]int{1, 2, 3}, 7)
	slices.Sort(all)
	if !slices.Equal(all, []int{1, 2, 3}) {
		t.Errorf("7 of 3 = %v", all)
	}
	if none, err := draw([]int(nil), 3); len(none) != 0 || err != nil {
		t.Errorf("3 of none = %v, %v", none, err)
	}
}
