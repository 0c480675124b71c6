package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// What gateways get beyond the errors of the services.
var (
	errMalformed = errors.New("the request breaks the contract")
	errBusy      = errors.New("too many batches are waiting to be stored; send this one again later")
)

// retryAfter is when a gateway that met a busy central should come back.
const retryAfter = 2 * time.Second

// problems say which sentinel of the services becomes which problem document for a gateway; the first that matches counts.
// What is not here is a fault of ours, and its text is only logged.
var problems = []struct {
	sentinel error
	status   int
	kind     string
	title    string
}{
	{ingest.ErrTooLarge, http.StatusRequestEntityTooLarge, contract.ProblemTooLarge, "Too many records"},
	{contract.ErrTooLarge, http.StatusRequestEntityTooLarge, contract.ProblemTooLarge, "Document too large"},
	{errMalformed, http.StatusBadRequest, contract.ProblemMalformed, "Not as the contract says"},
	{contract.ErrBatch, http.StatusBadRequest, contract.ProblemMalformed, "Batch not as the contract says"},
	{ingest.ErrGap, http.StatusConflict, contract.ProblemGap, "Gap in the stream"},
	{ingest.ErrFork, http.StatusConflict, contract.ProblemFork, "Stream has two histories"},
	{ingest.ErrBusy, http.StatusServiceUnavailable, contract.ProblemBusy, "Database busy"},
	{ingest.ErrAhead, http.StatusServiceUnavailable, contract.ProblemBusy, "Too much sent ahead"},
	{errBusy, http.StatusServiceUnavailable, contract.ProblemBusy, "Central busy"},
	{fleet.ErrToken, http.StatusForbidden, contract.ProblemToken, "Invitation not valid"},
	{fleet.ErrRequest, http.StatusUnprocessableEntity, contract.ProblemNotAccepted, "Certificate request not accepted"},
	{fleet.ErrReport, http.StatusUnprocessableEntity, contract.ProblemNotAccepted, "Report not accepted"},
	{fleet.ErrNoCertificate, http.StatusForbidden, contract.ProblemForbidden, "Not enrolled"},
	{fleet.ErrForeign, http.StatusForbidden, contract.ProblemForbidden, "Certificate not ours"},
	{fleet.ErrExpired, http.StatusForbidden, contract.ProblemForbidden, "Certificate expired"},
	{fleet.ErrRetired, http.StatusForbidden, contract.ProblemForbidden, "Authority retired"},
	{fleet.ErrRevoked, http.StatusForbidden, contract.ProblemForbidden, "Gateway revoked"},
	{fleet.ErrSuperseded, http.StatusForbidden, contract.ProblemForbidden, "Gateway enrolled again"},
	{fleet.ErrUnknownGateway, http.StatusForbidden, contract.ProblemForbidden, "Gateway unknown"},
	{errNowhere, http.StatusNotFound, "about:blank", "No such address"},
	{errMethod, http.StatusMethodNotAllowed, "about:blank", "Wrong method"},
}

// problemOf is the problem document for an error.
func problemOf(err error) *contract.Problem {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		err = errors.Join(contract.ErrTooLarge, err)
	}
	for _, p := range problems {
		if errors.Is(err, p.sentinel) {
			return gatewayProblem(&contract.Problem{Type: p.kind, Title: p.title, Status: p.status, Detail: err.Error()}, err)
		}
	}
	return &contract.Problem{
		Type: contract.ProblemInternal, Title: "Fault of central", Status: http.StatusInternalServerError,
		Detail: "Central met a fault of its own; it is in its log. Send again later.",
	}
}

// gatewayProblem adds what a gateway acts on.
func gatewayProblem(p *contract.Problem, err error) *contract.Problem {
	var gap *ingest.GapError
	if errors.As(err, &gap) {
		p.Expected = gap.Expected
	}
	if p.Type == contract.ProblemBusy {
		p.RetryAfter = retryAfter
	}
	return p
}
