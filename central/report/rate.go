package report

import "fmt"

// Rate is a share in integers: attended of counted contacts (num and den of RULES G-2).
type Rate struct {
	Attended int64 `json:"attended"`
	Counted  int64 `json:"counted"`
}

// Permille is the share in thousandths, rounded down, so that nobody is shown above a threshold they are below. It is 1000
// when nothing was counted.
func (r Rate) Permille() int64 {
	if r.Counted <= 0 {
		return 1000
	}
	return r.Attended * 1000 / r.Counted
}

// String is the percentage with one decimal, rounded down, e.g. "89.9%"; an en dash when nothing was counted.
func (r Rate) String() string {
	if r.Counted <= 0 {
		return "–"
	}
	p := r.Permille()
	return fmt.Sprintf("%d.%d%%", p/10, p%10)
}

// Below reports whether the share is less than percent, exactly: 100·attended < percent·counted (G-1).
func (r Rate) Below(percent int64) bool { return 100*r.Attended < percent*r.Counted }

// add sums two rates.
func (r Rate) add(o Rate) Rate { return Rate{r.Attended + o.Attended, r.Counted + o.Counted} }
