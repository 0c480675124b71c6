package contract

// Tap is any presentation of a credential, accepted or not, with what the gateway decided and therefore showed.
// The light is evidence, not verdict: central judges every tap again.
type Tap struct {
	Point     string   // where: the point whose reader heard it
	Digest    Digest   // whose credential; zero when Reason is SeveralCards or UnsuitableUID
	Evidence  Evidence // how it was presented
	Outcome   Outcome  // what was decided, which is what was shown
	Reason    Reason   // why it was not credited; None when it was
	Session   string   // the session credited, or the one it would have been credited to; empty if none
	Timetable uint64   // version of the timetable it was decided with; 0 if there was none
}

// Evidence is how a credential was presented. Policy says per session what counts as in person.
type Evidence uint8

// The kinds of evidence. Numbers are wire format: never reuse one.
const (
	EvidenceCard        Evidence = 1 // card or fob at a reader
	EvidencePass        Evidence = 2 // signed phone pass at a QR scanner
	EvidenceBLEHeard    Evidence = 3 // Bluetooth answer heard by the gateway
	EvidenceBLEReported Evidence = 4 // Bluetooth challenge reported by the phone over the network
	EvidenceQR          Evidence = 5 // rotating code on the lecturer's screen
	EvidenceStaff       Evidence = 6 // entered by staff
	EvidenceCode        Evidence = 7 // code shown to a scanner at the door, not signed: whoever has a picture of it can show it
)

var evidenceNames = map[Evidence]string{
	EvidenceCard: "card", EvidencePass: "pass", EvidenceBLEHeard: "ble_heard",
	EvidenceBLEReported: "ble_reported", EvidenceQR: "qr", EvidenceStaff: "staff", EvidenceCode: "code",
}

// String is the name used in exports, or "unknown".
func (e Evidence) String() string { return nameOf(evidenceNames, e) }

// Outcome is the gateway's decision on a tap; each has its own light (W-2).
type Outcome uint8

// The outcomes. Numbers are wire format: never reuse one.
const (
	Accepted  Outcome = 1 // green: credited to Session
	Duplicate Outcome = 2 // green: every session it could credit is credited already
	Refused   Outcome = 3 // red: not credited, for Reason
	Unjudged  Outcome = 4 // blue blinking: kept, central will judge it
)

var outcomeNames = map[Outcome]string{Accepted: "accepted", Duplicate: "duplicate", Refused: "refused", Unjudged: "unjudged"}

// String is the name used in metrics and exports, or "unknown".
func (o Outcome) String() string { return nameOf(outcomeNames, o) }

// Reason says why a tap was not credited by the gateway.
type Reason uint8

// The reasons. Numbers are wire format: never reuse one.
const (
	None          Reason = 0
	NotListed     Reason = 1 // W-8: a register is open here, but the student is not on its list
	WindowClosed  Reason = 2 // W-1: no register is open in this room at this moment
	UnknownCard   Reason = 3 // no student holds this credential
	BlockedCard   Reason = 4 // reported lost or withdrawn
	SeveralCards  Reason = 5 // W-2: two credentials in the field
	NoTimetable   Reason = 6 // W-2: the gateway has no usable timetable for this room
	UnsuitableUID Reason = 7 // a random or all-equal UID, which identifies nobody
)

var reasonNames = map[Reason]string{
	None: "", NotListed: "not_listed", WindowClosed: "window_closed", UnknownCard: "unknown_card", BlockedCard: "blocked_card",
	SeveralCards: "multi_card", NoTimetable: "no_timetable", UnsuitableUID: "unsuitable_uid",
}

// String is the name used in metrics and exports; empty for None.
func (r Reason) String() string { return nameOf(reasonNames, r) }

func nameOf[K comparable](names map[K]string, k K) string {
	if n, ok := names[k]; ok {
		return n
	}
	return "unknown"
}
