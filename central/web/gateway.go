package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// UplinkOptions are what an Uplink works with. All are needed.
type UplinkOptions struct {
	Intake     *ingest.Intake
	Fleet      *fleet.Fleet
	Timetables *timetable.Publisher
	Changed    func() // called after new records were stored, so that they are judged at once
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Uplink is what gateways talk to: the contract's paths over mutual TLS. It is served on a listener of its own, with the
// TLS configuration of the fleet, and shares nothing with the pages.
type Uplink struct {
	UplinkOptions
	engine  *gin.Engine
	seconds *prometheus.HistogramVec
	drains  chan struct{} // one for each full batch that waits or is being stored
	turn    chan struct{} // one for each full batch being stored
	slots   chan struct{} // one for each other batch being stored
}

const (
	// maxBatches is how many batches of a kind may wait for the database at once; who comes after is told to come back.
	maxBatches = 64
	// maxDrains is how many full batches are stored at once. When a campus comes back after an outage its gateways drain
	// their backlogs, and what is tapped now must not stand in line behind all of them.
	maxDrains = 2
)

// NewUplink builds the uplink. It fails when its metric is registered already.
func NewUplink(o UplinkOptions) (*Uplink, error) {
	u := &Uplink{UplinkOptions: o, drains: make(chan struct{}, maxBatches), turn: make(chan struct{}, maxDrains), slots: make(chan struct{}, maxBatches)}
	u.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "rollcall_central_gateway_request_seconds",
		Help:    "Time to answer a request of a gateway, by route; a timetable's is mostly waiting for a change.",
		Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60},
	}, []string{"route", "code"})
	if err := o.Registerer.Register(u.seconds); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	gin.SetMode(gin.ReleaseMode) // otherwise gin prints every route
	u.engine = gin.New()
	u.engine.HandleMethodNotAllowed = true
	if err := u.engine.SetTrustedProxies(nil); err != nil { // nobody's X-Forwarded-For is believed
		return nil, fmt.Errorf("set proxies: %w", err)
	}
	u.engine.Use(u.observe, u.recover)
	u.engine.NoRoute(func(c *gin.Context) { u.refuse(c, errNowhere) })
	u.engine.NoMethod(func(c *gin.Context) { u.refuse(c, errMethod) })
	u.mount(u.engine)
	return u, nil
}

// Handler serves the uplink.
func (u *Uplink) Handler() http.Handler { return u.engine }

// recover turns a panic, which is a fault of ours, into an answer and a line in the log.
func (u *Uplink) recover(c *gin.Context) {
	defer func() {
		r := recover()
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r) // the server's own way to drop a connection
		}
		if r != nil {
			u.refuse(c, fmt.Errorf("handler panicked: %v\n%s", r, debug.Stack()))
		}
	}()
	c.Next()
}

func (u *Uplink) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "unmatched"
	}
	u.seconds.WithLabelValues(route, strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

// refuse answers with a problem document.
func (u *Uplink) refuse(c *gin.Context, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError && c.Request.Context().Err() == nil {
		u.Log.Error("gateway request failed", "route", c.FullPath(), "error", err)
	}
	if p.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(p.RetryAfter/time.Second)))
	}
	if c.Writer.Written() {
		return
	}
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(p.Status, p)
}

// gatewayHandler answers a gateway with a document, or says why it cannot.
type gatewayHandler func(c *gin.Context, who fleet.Caller) (any, error)

// anybody lets a route be used without a certificate.
func (u *Uplink) anybody(h gatewayHandler) gin.HandlerFunc {
	return func(c *gin.Context) { u.answer(c, fleet.Caller{}, h) }
}

// gateway lets a route be used by enrolled gateways with a valid certificate. Who calls is asked at every request: a
// connection outlives its certificate and the trust in it.
func (u *Uplink) gateway(h gatewayHandler) gin.HandlerFunc {
	return u.identified(func(c *gin.Context, who fleet.Caller) (any, error) {
		switch {
		case who.Expired:
			return nil, fleet.ErrExpired
		case who.Retired:
			return nil, fleet.ErrRetired
		}
		return h(c, who)
	})
}

// identified also lets gateways through whose certificate, or its authority, has ended.
func (u *Uplink) identified(h gatewayHandler) gin.HandlerFunc {
	return func(c *gin.Context) {
		who, err := u.Fleet.Identify(c.Request.Context(), c.Request.TLS)
		if err != nil {
			u.refuse(c, err)
			return
		}
		u.answer(c, who, h)
	}
}

func (u *Uplink) answer(c *gin.Context, who fleet.Caller, h gatewayHandler) {
	document, err := h(c, who)
	switch {
	case err != nil:
		u.refuse(c, err)
	case document != nil:
		c.JSON(http.StatusOK, document)
	}
}

// store keeps a batch with one of the intake's methods. A batch that is full drains a backlog: it waits its turn, so that a campus
// that comes back after an outage queues at its gateways and not in our memory, nor before the taps of now.
func (u *Uplink) store(ctx context.Context, b contract.Batch, keep func() (contract.Receipt, error)) (contract.Receipt, error) {
	if len(b.Records) < contract.MaxBatchRecords {
		return within(u.slots, keep)
	}
	return within(u.drains, func() (contract.Receipt, error) {
		select {
		case u.turn <- struct{}{}:
			defer func() { <-u.turn }()
			return keep()
		case <-ctx.Done():
			return contract.Receipt{}, fmt.Errorf("wait for a turn: %w", ctx.Err())
		}
	})
}

// within keeps a batch if a slot is free.
func within(slots chan struct{}, keep func() (contract.Receipt, error)) (contract.Receipt, error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
		return keep()
	default:
		return contract.Receipt{}, errBusy
	}
}
