package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
)

// caller is who makes a request.
type caller struct {
	account.Account // zero when a token was presented
	Role            account.Role
	Actor           string // login, or "token: name": what is written beside a change
	ByToken         bool
}

// May reports whether the caller may do an action, by its name, for templates too.
func (c *caller) May(action string) bool { return c != nil && c.Role.May(account.Action(action)) }

type callerKey struct{}

// callerOf is who made the request, nil if nobody said.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// handler answers a request or returns why it cannot; the error is then shown.
type handler func(c *gin.Context, who *caller) error

// handle adds a route with its guard.
func (s *Site) handle(e *gin.Engine, g guard, h handler) {
	s.guarded = append(s.guarded, g)
	run := func(c *gin.Context) {
		if err := h(c, callerOf(c.Request.Context())); err != nil {
			s.fail(c, err)
		}
	}
	if g.action == public {
		e.Handle(g.method, g.path, s.identifyIfSession, run)
		return
	}
	e.Handle(g.method, g.path, s.identify, s.allow(g.action), run)
}

// errAnonymous means that nobody is logged in.
var errAnonymous = errors.New("log in, or present an API token as \"Authorization: Bearer …\"")

// errForbidden means that the caller's role may not do this.
var errForbidden = errors.New("your role may not see or do this; ask an administrator if it should")

// errMustChange means that the caller's password was set by somebody else.
var errMustChange = errors.New("choose your own password first, on the page /password")

// identifyIfSession finds out who calls where a session was loaded; public routes without one have no caller.
func (s *Site) identifyIfSession(c *gin.Context) {
	if !sessionless(c.Request) {
		s.identify(c)
	}
}

// identify finds out who calls: by token, else by browser session. It lets callers through whom it does not know.
func (s *Site) identify(c *gin.Context) {
	who, err := s.whoIs(c)
	if err != nil {
		s.fail(c, err)
		c.Abort()
		return
	}
	if who != nil {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callerKey{}, who))
	}
}

func (s *Site) whoIs(c *gin.Context) (*caller, error) {
	ctx := c.Request.Context()
	if header := c.GetHeader("Authorization"); header != "" {
		token, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			return nil, account.ErrToken
		}
		t, err := s.Accounts.Present(ctx, strings.TrimSpace(token))
		if err != nil {
			return nil, err
		}
		return &caller{Role: t.Role, Actor: "token: " + t.Name, ByToken: true}, nil
	}
	a, ok, err := s.signedIn(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return &caller{Account: a, Role: a.Role, Actor: a.Login}, nil
}

// allow stops callers who may not do the action.
func (s *Site) allow(action account.Action) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := s.check(c, action); err != nil {
			s.fail(c, err)
			c.Abort()
		}
	}
}

func (s *Site) check(c *gin.Context, action account.Action) error {
	who := callerOf(c.Request.Context())
	switch {
	case who == nil && action == account.SeeMetrics && s.fromThisMachine(c):
		return nil
	case who == nil:
		return errAnonymous
	case who.MustChange && action != account.OwnAccount:
		return errMustChange
	case who.ByToken && action == account.OwnAccount:
		return errForbidden
	case !who.Role.May(action):
		return errForbidden
	}
	return nil
}

// fromThisMachine reports whether the request came over loopback and no proxy stands between.
func (s *Site) fromThisMachine(c *gin.Context) bool {
	if s.BehindProxy || c.GetHeader("X-Forwarded-For") != "" || c.GetHeader("Forwarded") != "" {
		return false
	}
	addr, err := netip.ParseAddr(c.RemoteIP())
	return err == nil && addr.Unmap().IsLoopback()
}

// toLogin sends a browser to the login page, and back afterwards when it was only reading.
func toLogin(c *gin.Context) {
	target := "/login"
	if c.Request.Method == http.MethodGet && c.Request.URL.Path != "/" {
		target += "?" + url.Values{"next": {c.Request.URL.RequestURI()}}.Encode()
	}
	c.Redirect(http.StatusSeeOther, target)
}
