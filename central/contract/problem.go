package contract

import (
	"fmt"
	"time"
)

// Problem is an RFC 9457 problem document: what central answers instead of a receipt.
type Problem struct {
	Type     string `json:"type"` // one of the Problem… constants
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`   // what is wrong, where, and what to do
	Expected uint64 `json:"expected,omitempty"` // ProblemGap: the number central wants next

	RetryAfter time.Duration `json:"-"` // from the Retry-After header; 0 if none
}

// The types of problem a gateway acts on.
const (
	ProblemGap         = "urn:rollcall:problem:gap"          // 409: send from Expected
	ProblemFork        = "urn:rollcall:problem:fork"         // 409: a record differs from the one stored under its number; the stream is quarantined
	ProblemMalformed   = "urn:rollcall:problem:malformed"    // 400: the document breaks the contract
	ProblemTooLarge    = "urn:rollcall:problem:too-large"    // 413
	ProblemBusy        = "urn:rollcall:problem:busy"         // 429, 503: come back after RetryAfter
	ProblemForbidden   = "urn:rollcall:problem:forbidden"    // 403: the certificate's name may not do this
	ProblemToken       = "urn:rollcall:problem:token"        // 403: the enrolment token is unknown, used or expired
	ProblemInternal    = "urn:rollcall:problem:internal"     // 500
	ProblemNotAccepted = "urn:rollcall:problem:not-accepted" // 422: well-formed, but refused
)

// Error makes a problem an error.
func (p *Problem) Error() string {
	return fmt.Sprintf("central answered %d %s: %s", p.Status, p.Title, p.Detail)
}
