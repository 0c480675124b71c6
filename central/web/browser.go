package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/rollcall-edge/rollcall/central/account"
)

// How long a browser stays logged in.
const (
	idleFor  = 30 * time.Minute
	loggedIn = 12 * time.Hour
)

// newBrowserSessions sets up the cookie. The "__Host-" prefix binds it to this host and to https; a browser refuses such a
// cookie over plain http, so on loopback it has a plain name.
func newBrowserSessions(o Options) *scs.SessionManager {
	// Not scs.New: that starts a store in memory whose goroutine nobody could end.
	m := &scs.SessionManager{
		Store: o.Sessions, Codec: scs.GobCodec{}, HashTokenInStore: true, IdleTimeout: idleFor, Lifetime: loggedIn,
		Cookie: scs.SessionCookie{
			Name: "rollcall", Path: "/", HttpOnly: true, Secure: o.Secure,
			SameSite: http.SameSiteLaxMode, // Strict would log people out who follow a link in a message
		},
	}
	if o.Secure {
		m.Cookie.Name = "__Host-rollcall"
	}
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		o.Log.Error("keep browser session", "error", err)
		http.Error(w, "Central cannot keep your session now. Try again in a moment.", http.StatusInternalServerError)
	}
	return m
}

// whoKey holds "<account id>:<stamp>". One value only: its encoding is then the same each time, and a page view that
// changes nothing is not written.
const whoKey = "who"

func (s *Site) signIn(ctx context.Context, a account.Account) error {
	if err := s.browser.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	s.browser.Put(ctx, whoKey, fmt.Sprintf("%d:%s", a.ID, a.Stamp()))
	return nil
}

func (s *Site) signOut(ctx context.Context) error {
	if err := s.browser.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// signedIn is the account of the browser, as it is now: a new role counts at once, a new password ends the session.
func (s *Site) signedIn(ctx context.Context) (a account.Account, ok bool, err error) {
	number, stamp, found := strings.Cut(s.browser.GetString(ctx, whoKey), ":")
	if !found {
		return a, false, nil
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return a, false, nil
	}
	a, err = s.Accounts.Account(ctx, id)
	if errors.Is(err, account.ErrUnknown) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("read account: %w", err)
	}
	return a, a.Stamp() == stamp, nil
}
