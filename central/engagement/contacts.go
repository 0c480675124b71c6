package engagement

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/register"
)

// Contacts is how many contacts of all kinds were expected of a student, and what came of them (004, item 11). Expected is the
// sum of the others: what is cancelled or not required was not expected.
type Contacts struct {
	Expected int64 `json:"expected"`
	Met      int64 `json:"met"` // on time, late or online
	Missed   int64 `json:"missed"`
	Excused  int64 `json:"excused"`
	Unknown  int64 `json:"unknown"` // of which nothing is concluded (G-3)
}

// Outcomes counts the contacts that had ended by an instant.
func (h History) Outcomes(asOf time.Time) Contacts {
	var n Contacts
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if !c.EndsAt.After(asOf) {
			n.add(c.Code)
		}
	}
	return n
}

func (n *Contacts) add(code register.Code) {
	switch code {
	case register.Present, register.Late, register.Remote:
		n.Met++
	case register.Absent:
		n.Missed++
	case register.Authorised:
		n.Excused++
	case register.Unknown:
		n.Unknown++
	default:
		return
	}
	n.Expected++
}
