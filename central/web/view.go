package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/account"
)

//go:embed pages/*.html
var pageFiles embed.FS

// views are the parsed pages by name.
type views struct{ pages map[string]*template.Template }

// sheet is what every page is given.
type sheet struct {
	Title  string
	Here   string // path of the entry in the navigation this page belongs to
	Who    *caller
	Nav    []navItem
	Notice string
	Live   bool // parts of the page are refreshed by live.js
	Body   any

	SealedDay, Seal string // the last daily seal, for paper; "" if there is none
}

type navItem struct{ Href, Icon, Label string }

var navigation = []struct {
	navItem
	action account.Action
}{
	{navItem{"/", "house", "Today"}, account.SeeSessions},
	{navItem{"/engagement", "users-round", "Engagement"}, account.SeeStudents},
	{navItem{"/findings", "flag", "Findings"}, account.SeeStudents},
	{navItem{"/registers", "clipboard-list", "Registers"}, account.SeeSessions},
	{navItem{"/policies", "scroll-text", "Policies"}, account.SeeStudents},
	{navItem{"/coverage", "building-2", "Rooms not covered"}, account.SeeFleet},
	{navItem{"/gateways", "radio-tower", "Gateways"}, account.SeeFleet},
	{navItem{"/accounts", "key", "Accounts"}, account.ManageAccounts},
}

// parseViews parses every page together with the frame and the shared pieces.
func parseViews(a *assets, now func() time.Time) (*views, error) {
	shared, err := template.New("").Option("missingkey=error").Funcs(functions(a, now)).ParseFS(pageFiles, "pages/frame.html", "pages/pieces.html")
	if err != nil {
		return nil, err
	}
	files, err := pageFiles.ReadDir("pages")
	if err != nil {
		return nil, err
	}
	v := &views{pages: make(map[string]*template.Template)}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		if name == "frame" || name == "pieces" {
			continue
		}
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if v.pages[name], err = page.ParseFS(pageFiles, path.Join("pages", f.Name())); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// render answers with a page. It is executed into memory first, so that a fault never leaves half a page.
func (s *Site) render(c *gin.Context, status int, page string, sh sheet) error {
	sh.Who = callerOf(c.Request.Context())
	if sh.Who != nil {
		sh.SealedDay, sh.Seal = s.Day()
	}
	for _, n := range navigation {
		if sh.Who != nil && sh.Who.Role.May(n.action) {
			sh.Nav = append(sh.Nav, n.navItem)
		}
	}
	var b bytes.Buffer
	if err := s.views.pages[page].ExecuteTemplate(&b, "frame", sh); err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// renderError shows a refusal. When even that cannot be drawn it says so in plain text.
func (s *Site) renderError(c *gin.Context, status int, text string) {
	body := struct {
		Status int
		Text   string
	}{status, sentence(text)}
	if err := s.render(c, status, "refusal", sheet{Title: http.StatusText(status), Body: body}); err != nil {
		s.Log.Error("render refusal", "error", err)
		http.Error(c.Writer, text, status)
	}
}

// sentence writes an error's text as a sentence.
func sentence(text string) string {
	if text == "" {
		return text
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// now is the instant of this request, to the millisecond.
func (s *Site) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
