package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
)

type accountsBody struct {
	Accounts []account.Account
	Tokens   []tokenLine
	Roles    []account.Role
	Secret   string // a password or token, shown once
	For      string // whose
}

type tokenLine struct {
	account.Token
	State string // valid, expired, revoked
}

func (s *Site) accounts(c *gin.Context, _ *caller) error { return s.showAccounts(c, "", "") }

// showAccounts lists accounts and tokens, with a new secret when there is one. The secret is in no address, no log and no cache.
func (s *Site) showAccounts(c *gin.Context, secret, whose string) error {
	ctx := c.Request.Context()
	body := accountsBody{Roles: account.Roles, Secret: secret, For: whose}
	var err error
	if body.Accounts, err = s.Accounts.Accounts(ctx); err != nil {
		return err
	}
	tokens, err := s.Accounts.Tokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		state := "valid"
		switch {
		case !t.RevokedAt.IsZero():
			state = "revoked"
		case !s.now().Before(t.ExpiresAt):
			state = "expired"
		}
		body.Tokens = append(body.Tokens, tokenLine{t, state})
	}
	return s.render(c, http.StatusOK, "accounts", sheet{Title: "Accounts", Here: "/accounts", Body: body})
}

func (s *Site) addAccount(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	login := c.PostForm("login")
	password, err := s.Accounts.Add(c.Request.Context(), login, c.PostForm("name"), account.Role(c.PostForm("role")))
	if err != nil {
		return err
	}
	s.Log.Info("account added", "role", c.PostForm("role"), "by", who.Actor)
	return s.showAccounts(c, password, "One-time password of "+login)
}

func (s *Site) resetAccount(c *gin.Context, who *caller) error {
	id, err := numberIn(c, "id")
	if err != nil {
		return err
	}
	a, err := s.Accounts.Account(c.Request.Context(), id)
	if err != nil {
		return err
	}
	password, err := s.Accounts.Reset(c.Request.Context(), id)
	if err != nil {
		return err
	}
	s.Log.Info("password reset", "account", id, "by", who.Actor)
	if id == who.ID {
		return s.signOutWith(c, password)
	}
	return s.showAccounts(c, password, "One-time password of "+a.Login)
}

// signOutWith shows somebody who reset their own password the new one; their session has just ended with the old.
func (s *Site) signOutWith(c *gin.Context, password string) error {
	if err := s.showAccounts(c, password, "Your one-time password; you are logged out now"); err != nil {
		return err
	}
	return s.signOut(c.Request.Context())
}

func (s *Site) issueToken(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	days, err := strconv.Atoi(c.PostForm("days"))
	if err != nil || days < 1 || days > 366 {
		return fmt.Errorf("%w: a token is valid for 1 to 366 days", errForm)
	}
	name := c.PostForm("name")
	token, err := s.Accounts.IssueToken(c.Request.Context(), who.Actor, name, account.Role(c.PostForm("role")), time.Duration(days)*24*time.Hour)
	if err != nil {
		return err
	}
	s.Log.Info("API token issued", "role", c.PostForm("role"), "by", who.Actor)
	return s.showAccounts(c, token, "API token "+name)
}

func (s *Site) revokeToken(c *gin.Context, who *caller) error {
	id, err := numberIn(c, "id")
	if err != nil {
		return err
	}
	if err := s.Accounts.RevokeToken(c.Request.Context(), id); err != nil {
		return err
	}
	s.Log.Info("API token revoked", "token", id, "by", who.Actor)
	c.Redirect(http.StatusSeeOther, "/accounts")
	return nil
}

func numberIn(c *gin.Context, name string) (int64, error) {
	n, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil {
		return 0, errNowhere
	}
	return n, nil
}
