package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollcall-edge/rollcall/central/report"
)

type gatewaysBody struct {
	Now      time.Time
	Gateways []gatewayLine
	Silent   int
	Missing  uint64
	Readers  int
	Up       int
	Disputed int             // streams with two histories, of which nobody has found out yet which is true
	Foreign  []report.Stream // journals of no gateway on file
	clustersBody
}

type gatewayLine struct {
	report.Gateway
	HeardAgo string
	CertSoon bool // the certificate ends within three days
	Behind   bool // decides with an older timetable than central published
	Troubles []report.ReaderState
	Cut      []report.Stream
}

func (s *Site) gateways(c *gin.Context, _ *caller) error {
	ctx := c.Request.Context()
	fleet, err := s.Reports.Gateways(ctx)
	if err != nil {
		return err
	}
	streams, err := s.Reports.Streams(ctx)
	if err != nil {
		return err
	}
	clusters, err := s.Clusters(ctx)
	if err != nil {
		return err
	}
	body := gatewaysBody{Now: s.now(), clustersBody: clustersOf(clusters, s.now())}
	known := make(map[string]bool, len(fleet))
	for _, g := range fleet {
		known[g.ID] = true
		body.add(g)
	}
	for _, st := range streams {
		if st.Disputed() {
			body.Disputed++
		}
		if !known[st.Owner] {
			body.Foreign = append(body.Foreign, st)
			body.Missing += st.Missing()
		}
	}
	return s.render(c, http.StatusOK, "gateways", sheet{Title: "Gateways", Here: "/gateways", Live: true, Body: body})
}

func (b *gatewaysBody) add(g report.Gateway) {
	line := gatewayLine{Gateway: g, Behind: g.Timetable < g.Published, CertSoon: g.NotAfter.Sub(b.Now) < 72*time.Hour}
	if g.HeardAt != nil {
		line.HeardAgo = ago(b.Now.Sub(*g.HeardAt))
	}
	for _, r := range g.Readers {
		if !r.Up {
			line.Troubles = append(line.Troubles, r)
		}
	}
	for _, st := range g.Streams {
		if st.Quarantined != "" {
			line.Cut = append(line.Cut, st)
		}
	}
	b.Gateways = append(b.Gateways, line)
	b.Missing += g.Missing // of a gateway that is gone too: its neighbours may hold them
	if g.RevokedAt != nil {
		return
	}
	if g.Silent {
		b.Silent++
	}
	b.Readers += len(g.Readers)
	b.Up += g.Up
}

// ago says how long something is past, roughly, as a person would.
func ago(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "just now"
	case d < 2*time.Minute:
		return number(int64(d.Seconds())) + " seconds ago"
	case d < 2*time.Hour:
		return number(int64(d.Minutes())) + " minutes ago"
	case d < 48*time.Hour:
		return number(int64(d.Hours())) + " hours ago"
	}
	return number(int64(d.Hours()/24)) + " days ago"
}

// healthz says whether central can answer at all.
func (s *Site) healthz(c *gin.Context, _ *caller) error {
	if err := s.Health(c.Request.Context()); err != nil {
		s.Log.Error("health check", "error", err)
		c.String(http.StatusServiceUnavailable, "unhealthy: the database does not answer\n")
		return nil
	}
	c.String(http.StatusOK, "ok\n")
	return nil
}

// metricsPage shows central's metrics: to a token or account that may see them, and to callers on this machine.
func (s *Site) metricsPage(c *gin.Context, _ *caller) error {
	promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
	return nil
}
