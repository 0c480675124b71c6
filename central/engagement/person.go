package engagement

import "github.com/rollcall-edge/rollcall/central/policy"

// Person is who a student is, as far as rules ask.
type Person struct {
	ID         string
	Programme  string
	Department string
	Level      string // FHEQ level, e.g. "6"
	Sponsored  bool   // holds a Student visa that this university sponsors
	Delivery   string // campus, distance or placement; empty is campus
}

// Subject is the person as a policy's scope sees them.
func (p Person) Subject() policy.Subject {
	return policy.Subject{Programme: p.Programme, Level: p.Level, Visa: p.Sponsored, Delivery: p.delivery()}
}

func (p Person) delivery() string {
	if p.Delivery == "" {
		return "campus"
	}
	return p.Delivery
}
