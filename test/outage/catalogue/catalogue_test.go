package catalogue

import "testing"

// The sizes of the families, and the first kind of each, are those of the plan.
func TestKinds(t *testing.T) {
	want := []struct {
		family Family
		first  int
		size   int
	}{{Process, 1, 9}, {Disk, 10, 17}, {Network, 27, 17}, {Time, 44, 6}, {Reader, 50, 11}, {Cluster, 61, 6}, {Trust, 67, 7}, {Data, 74, 4}}
	if len(Kinds) != 77 {
		t.Errorf("%d kinds, want 77", len(Kinds))
	}
	for _, w := range want {
		size := 0
		for _, k := range Kinds {
			if k.Family == w.family {
				size++
			}
		}
		if size != w.size || Of(w.first).Family != w.family || Of(w.first-1).Family == w.family {
			t.Errorf("%s: %d kinds, want %d from number %d on", w.family, size, w.size, w.first)
		}
	}
	for n := range Inapplicable {
		if Of(n).Number != n {
			t.Errorf("%d is said to be inapplicable and is no kind", n)
		}
	}
	if Of(0) != (Kind{}) || Of(78) != (Kind{}) || Of(42).Name != "applied, but the answer lost" {
		t.Errorf("Of(0) = %v, Of(78) = %v, Of(42) = %v", Of(0), Of(78), Of(42))
	}
}
