package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
)

// maxForm bounds the body of a form.
const maxForm = 64 << 10

type loginBody struct{ Next, Login, Fault string }

func (s *Site) loginPage(c *gin.Context, who *caller) error {
	next := localPath(c.Query("next"))
	if who != nil {
		c.Redirect(http.StatusSeeOther, next)
		return nil
	}
	return s.render(c, http.StatusOK, "login", sheet{Title: "Log in", Body: loginBody{Next: next}})
}

func (s *Site) login(c *gin.Context, _ *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	body := loginBody{Next: localPath(c.PostForm("next")), Login: c.PostForm("login")}
	a, err := s.Accounts.Login(c.Request.Context(), c.ClientIP(), body.Login, c.PostForm("password"))
	if errors.Is(err, account.ErrRefused) || errors.Is(err, account.ErrTooOften) {
		status := http.StatusUnauthorized
		if errors.Is(err, account.ErrTooOften) {
			status = http.StatusTooManyRequests
			c.Header("Retry-After", "60")
		}
		body.Fault = sentence(err.Error())
		return s.render(c, status, "login", sheet{Title: "Log in", Body: body})
	}
	if err != nil {
		return err
	}
	if err := s.signIn(c.Request.Context(), a); err != nil {
		return err
	}
	s.Log.Info("logged in", "account", a.ID, "role", string(a.Role))
	if a.MustChange {
		body.Next = "/password"
	}
	c.Redirect(http.StatusSeeOther, body.Next)
	return nil
}

// localPath lets a browser be sent only to a page of this site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return next
}

func (s *Site) logout(c *gin.Context, who *caller) error {
	if who != nil && !who.ByToken {
		if err := s.signOut(c.Request.Context()); err != nil {
			return err
		}
	}
	c.Redirect(http.StatusSeeOther, "/login")
	return nil
}

type passwordBody struct {
	Must  bool
	Fault string
}

func (s *Site) passwordPage(c *gin.Context, who *caller) error {
	return s.render(c, http.StatusOK, "password", sheet{Title: "Your password", Here: "/password", Body: passwordBody{Must: who.MustChange}})
}

func (s *Site) changePassword(c *gin.Context, who *caller) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	ctx := c.Request.Context()
	chosen := c.PostForm("chosen")
	err := fmt.Errorf("%w: the two new passwords differ; type the same one twice", errForm)
	if c.PostForm("again") == chosen {
		err = s.Accounts.ChangePassword(ctx, c.ClientIP(), who.ID, c.PostForm("present"), chosen)
	}
	if err != nil {
		status, text := s.refuse(ctx, c.FullPath(), err)
		if status == http.StatusInternalServerError {
			return err
		}
		body := passwordBody{Must: who.MustChange, Fault: sentence(text)}
		return s.render(c, status, "password", sheet{Title: "Your password", Here: "/password", Body: body})
	}
	a, err := s.Accounts.Account(ctx, who.ID)
	if err != nil {
		return err
	}
	if err := s.signIn(ctx, a); err != nil { // the old session's stamp is void, this browser stays in
		return err
	}
	c.Redirect(http.StatusSeeOther, "/?done=password")
	return nil
}
