package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// refusals say which sentinel of the services becomes which status on pages and in the API. What is not here is a fault of
// ours, and its text is only logged.
var refusals = []struct {
	sentinel error
	status   int
}{
	{errAnonymous, http.StatusUnauthorized},
	{account.ErrToken, http.StatusUnauthorized},
	{account.ErrRefused, http.StatusUnauthorized},
	{errForbidden, http.StatusForbidden},
	{errMustChange, http.StatusForbidden},
	{errNowhere, http.StatusNotFound},
	{errMethod, http.StatusMethodNotAllowed},
	{report.ErrNotFound, http.StatusNotFound},
	{proof.ErrUnsealed, http.StatusNotFound},
	{report.ErrNoTerm, http.StatusNotFound},
	{report.ErrQuery, http.StatusBadRequest},
	{errForm, http.StatusUnprocessableEntity},
	{register.ErrTooEarly, http.StatusConflict},
	{register.ErrUnsigned, http.StatusConflict},
	{register.ErrOwnSheet, http.StatusConflict},
	{register.ErrPending, http.StatusConflict},
	{register.ErrStanding, http.StatusConflict},
	{account.ErrInput, http.StatusUnprocessableEntity},
	{register.ErrAmend, http.StatusUnprocessableEntity},
	{account.ErrTaken, http.StatusConflict},
	{account.ErrUnknown, http.StatusNotFound},
	{account.ErrTooOften, http.StatusTooManyRequests},
}

// Errors of this package. Their texts are shown to people.
var (
	errNowhere = errors.New("there is no such page; check the address, or begin at /")
	errMethod  = errors.New("this address does not take that method")
	errForm    = errors.New("not accepted")
)

// refuse turns an error into a status and a text for the caller.
func (s *Site) refuse(ctx context.Context, route string, err error) (status int, text string) {
	for _, r := range refusals {
		if errors.Is(err, r.sentinel) {
			return r.status, err.Error()
		}
	}
	if ctx.Err() == nil { // otherwise the caller went away, and nobody waits for the answer
		s.Log.Error("answer request", "route", route, "error", err)
	}
	return http.StatusInternalServerError, "Central met a fault of its own. It is in the log; tell an administrator the time."
}

// fail answers with a problem document under /api/ and with a page elsewhere.
func (s *Site) fail(c *gin.Context, err error) {
	status, text := s.refuse(c.Request.Context(), c.FullPath(), err)
	switch {
	case status == http.StatusUnauthorized:
		c.Header("WWW-Authenticate", `Bearer realm="rollcall"`)
	case status == http.StatusTooManyRequests:
		c.Header("Retry-After", "60")
	}
	if strings.HasPrefix(c.Request.URL.Path, "/api/") || c.GetHeader("Authorization") != "" {
		c.Header("Content-Type", "application/problem+json")
		c.JSON(status, &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: text})
		return
	}
	if errors.Is(err, errAnonymous) {
		toLogin(c)
		return
	}
	if errors.Is(err, errMustChange) {
		c.Redirect(http.StatusSeeOther, "/password")
		return
	}
	s.renderError(c, status, text)
}

func (s *Site) nowhere(c *gin.Context) { s.fail(c, errNowhere) }

func (s *Site) wrongMethod(c *gin.Context) { s.fail(c, errMethod) }
