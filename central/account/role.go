package account

import "slices"

// Role says what an account or token may do.
type Role string

// The roles.
const (
	Admin      Role = "admin"      // runs central: accounts, tokens, everything compliance may do
	Compliance Role = "compliance" // attendance managers and the sponsor-licence team
	Lecturer   Role = "lecturer"   // teaches: registers and students, never who is sponsored
	Facilities Role = "facilities" // keeps gateways and readers running: never a student
)

// Roles in the order they are offered.
var Roles = []Role{Lecturer, Compliance, Facilities, Admin}

// Action is something a role may or may not do.
type Action string

// The actions.
const (
	SeeSessions    Action = "see sessions"      // what is taught where and how many came, without names
	SeeStudents    Action = "see students"      // names, marks, standings and taps
	SeeSponsorship Action = "see sponsorship"   // who holds a Student visa, reports due to UKVI
	SeeFleet       Action = "see gateways"      // gateways, readers, streams
	SeeMetrics     Action = "see metrics"       // figures for monitoring, which name nobody
	AmendMarks     Action = "amend marks"       // W-10
	CloseRegisters Action = "close registers"   // G-3
	SignRegisters  Action = "sign registers"    // C-4, as tutors do
	Approve        Action = "approve registers" // C-4, as attendance managers do
	CountHeads     Action = "count heads"       // C-6: not for those who teach the class
	ManageAccounts Action = "manage accounts"   // people and API tokens
	OwnAccount     Action = "use own password"  // every role
)

// Actions lists all of them.
var Actions = []Action{
	SeeSessions, SeeStudents, SeeSponsorship, SeeFleet, SeeMetrics, AmendMarks, CloseRegisters, SignRegisters, Approve, CountHeads, ManageAccounts, OwnAccount,
}

var allowed = map[Role][]Action{
	Admin:      Actions,
	Compliance: {SeeSessions, SeeStudents, SeeSponsorship, SeeFleet, AmendMarks, CloseRegisters, SignRegisters, Approve, CountHeads, OwnAccount},
	Lecturer:   {SeeSessions, SeeStudents, AmendMarks, CloseRegisters, SignRegisters, OwnAccount},
	Facilities: {SeeSessions, SeeFleet, SeeMetrics, OwnAccount},
}

// May reports whether the role may do a. An unknown role may do nothing.
func (r Role) May(a Action) bool { return slices.Contains(allowed[r], a) }

// Title is the role in words for a page.
func (r Role) Title() string {
	switch r {
	case Admin:
		return "Administrator"
	case Compliance:
		return "Compliance officer"
	case Lecturer:
		return "Lecturer"
	case Facilities:
		return "Facilities"
	}
	return "No role"
}
