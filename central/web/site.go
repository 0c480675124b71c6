// Package web is central's face: the pages people read, the CSV and JSON API that programs read, and who may see which. It
// judges nothing, counts nothing and knows no SQL; reports, accounts and facts are given to it.
//
// All routes of the pages and the API stand in routes.go.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/report"
)

// Facts takes what staff add to the record. All answer report.ErrNotFound when there is nothing to add to.
type Facts interface {
	AddAmendment(ctx context.Context, a report.Amendment) error
	CloseRegister(ctx context.Context, session string, c report.Closure) error
	AddSignature(ctx context.Context, session string, g report.Signature) error
	AddHeadcount(ctx context.Context, session string, h report.Headcount) error
}

// Proofs makes the proof of one tap; proof.ErrUnsealed if no seal covers it yet.
type Proofs interface {
	ProveTap(ctx context.Context, id contract.TapID) (proof.Tap, error)
}

// Options are what a Site works with. Every field without a stated default is needed.
type Options struct {
	Reports    *report.Reports
	Accounts   *account.Desk
	Facts      Facts
	Policies   Policies
	Proofs     Proofs
	Day        func() (day, digest string)                     // the last daily seal, printed on every page; nil: none
	Clusters   func(ctx context.Context) (fleet.Status, error) // who copies to whom; nil: nobody
	Sessions   scs.CtxStore                                    // browser sessions; the tokens it is given are digests
	Health     func(ctx context.Context) error                 // nil: always healthy
	Changed    func()                                          // called after staff changed a fact, so that it is judged at once; nil: nothing
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer // what /metrics shows
	Now        func() time.Time    // time.Now if nil
	Build      string              // release, shown in the OpenAPI document

	// Secure says that browsers reach the site by https, directly or through a proxy: cookies are then bound to it.
	Secure bool
	// BehindProxy says that a proxy on this machine ends TLS. Its X-Forwarded-For is then believed, and a caller from
	// loopback is no longer taken for somebody on this machine.
	BehindProxy bool
}

// Site is central's pages and API.
type Site struct {
	Options
	browser *scs.SessionManager
	views   *views
	assets  *assets
	metrics metrics
	engine  *gin.Engine
	guarded []guard // every route with who may use it, for the test that walks them
}

// New builds the site. It fails when a page does not parse or a metric is registered already.
func New(o Options) (*Site, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Day == nil {
		o.Day = func() (string, string) { return "", "" }
	}
	if o.Clusters == nil {
		o.Clusters = func(context.Context) (fleet.Status, error) { return fleet.Status{}, nil }
	}
	if o.Health == nil {
		o.Health = func(context.Context) error { return nil }
	}
	s := &Site{Options: o, browser: newBrowserSessions(o)}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	if s.views, err = parseViews(s.assets, o.Now); err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	if s.metrics, err = newMetrics(o.Registerer); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if s.engine, err = s.newEngine(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Site) newEngine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // otherwise gin prints every route
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true // an identifier may hold an escaped slash
	var proxies []string
	if s.BehindProxy {
		proxies = []string{"127.0.0.1", "::1"}
	}
	if err := engine.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("set proxies: %w", err)
	}
	engine.Use(s.observe, s.recover, s.headers)
	engine.NoRoute(s.identifyIfSession, s.nowhere)
	engine.NoMethod(s.identifyIfSession, s.wrongMethod)
	s.mount(engine)
	return engine, nil
}

// Handler serves everything. Requests that change something are refused when a browser says that another site made them.
func (s *Site) Handler() http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "This form was sent from another site. Open the page here and send it again.", http.StatusForbidden)
	}))
	withSession := s.browser.LoadAndSave(s.engine)
	return sameOrigin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sessionless(r) {
			s.engine.ServeHTTP(w, r)
			return
		}
		withSession.ServeHTTP(w, r)
	}))
}

// sessionless reports whether a request needs no browser session: assets, monitoring and programs with a token.
func sessionless(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/healthz" || r.Header.Get("Authorization") != ""
}
