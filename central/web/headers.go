package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// contentPolicy lets a page use this site's own files and nothing else: no inline script or style, no other origin, no frame.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func (s *Site) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store") // assets say otherwise
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

type metrics struct{ seconds *prometheus.HistogramVec }

func newMetrics(r prometheus.Registerer) (metrics, error) {
	m := metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "rollcall_central_http_request_seconds",
		Help:    "Time to answer a request of the pages and the API, by route.",
		Buckets: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5},
	}, []string{"route", "method", "code"})}
	return m, r.Register(m.seconds)
}

// observe times a request under its route's pattern, so that no student's number becomes a label.
func (s *Site) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "unmatched"
	}
	s.metrics.seconds.WithLabelValues(route, knownMethod(c.Request.Method), strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

// knownMethod keeps methods that outsiders invent from becoming labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recover turns a panic, which is a fault of ours, into an answer and a log line.
func (s *Site) recover(c *gin.Context) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r) // the server's own way to drop a connection
		}
		s.Log.Error("request panicked", "route", c.FullPath(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		if !c.Writer.Written() {
			http.Error(c.Writer, "Central met a fault of its own. It is in the log; tell an administrator the time.", http.StatusInternalServerError)
		}
		c.Abort()
	}()
	c.Next()
}
