package web

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// mount is every route of the uplink.
func (u *Uplink) mount(e *gin.Engine) {
	e.POST(contract.PathEnrol, u.anybody(u.enrol))
	e.POST(contract.PathRenew, u.identified(u.renew))
	e.POST(contract.PathBatches, u.gateway(u.batch(u.Intake.Ingest)))
	e.POST(contract.PathAhead, u.gateway(u.batch(u.Intake.Ahead)))
	e.POST(contract.PathReports, u.gateway(u.report))
	e.GET(contract.PathTimetable, u.gateway(u.timetable))
	e.GET(contract.PathDirectory, u.gateway(u.directory))
	e.GET(contract.PathCredits, u.gateway(u.credits))
}

const (
	maxEnrolment = 32 << 10  // octets of a request for a certificate, as JSON
	maxReport    = 256 << 10 // octets of a report, as JSON
	maxWait      = 60 * time.Second
	writeWithin  = 60 * time.Second // a timetable over a slow line
)

func (u *Uplink) enrol(c *gin.Context, _ fleet.Caller) (any, error) {
	var e contract.Enrolment
	if err := decodeBody(c, maxEnrolment, &e); err != nil {
		return nil, err
	}
	return u.Fleet.Enrol(c.Request.Context(), e)
}

func (u *Uplink) renew(c *gin.Context, who fleet.Caller) (any, error) {
	var r contract.Renewal
	if err := decodeBody(c, maxEnrolment, &r); err != nil {
		return nil, err
	}
	return u.Fleet.Renew(c.Request.Context(), who, r)
}

// batch keeps a batch in its place in the stream, or ahead of what is missing there.
func (u *Uplink) batch(keep func(ctx context.Context, gateway string, b contract.Batch) (contract.Receipt, error)) gatewayHandler {
	return func(c *gin.Context, who fleet.Caller) (any, error) {
		var b contract.Batch
		if err := decodeBody(c, contract.MaxBatchBytes, &b); err != nil {
			return nil, err
		}
		ctx := c.Request.Context()
		receipt, err := u.store(ctx, b, func() (contract.Receipt, error) { return keep(ctx, who.Gateway, b) })
		if err != nil {
			return nil, err
		}
		if receipt.Stored > 0 {
			u.Changed()
		}
		return receipt, nil
	}
}

func (u *Uplink) report(c *gin.Context, who fleet.Caller) (any, error) {
	var r contract.Report
	if err := decodeBody(c, maxReport, &r); err != nil {
		return nil, err
	}
	return u.Fleet.Report(c.Request.Context(), who, r)
}

// timetable answers 304 when nothing newer than ?have= came up within ?wait= seconds.
func (u *Uplink) timetable(c *gin.Context, who fleet.Caller) (any, error) {
	have, wait, err := patience(c)
	if err != nil {
		return nil, err
	}
	p, err := u.Timetables.Wait(c.Request.Context(), who.Building, have, wait)
	if errors.Is(err, timetable.ErrUnchanged) {
		c.AbortWithStatus(http.StatusNotModified)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := u.Fleet.Identify(c.Request.Context(), c.Request.TLS); err != nil {
		return nil, err // it was revoked while it waited
	}
	return nil, sendTimetable(c, p)
}

// credits are the caller's own of the last day.
func (u *Uplink) credits(c *gin.Context, who fleet.Caller) (any, error) {
	return u.Fleet.Credits(c.Request.Context(), who)
}

// directory answers like timetable. Who is revoked meanwhile is told nothing either.
func (u *Uplink) directory(c *gin.Context, who fleet.Caller) (any, error) {
	have, wait, err := patience(c)
	if err != nil {
		return nil, err
	}
	d, err := u.Fleet.WaitDirectory(c.Request.Context(), who.Gateway, have, wait)
	if errors.Is(err, fleet.ErrUnchanged) {
		c.AbortWithStatus(http.StatusNotModified)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := u.Fleet.Identify(c.Request.Context(), c.Request.TLS); err != nil {
		return nil, err
	}
	return d, nil
}

// patience reads what a gateway has and for how long it waits for something newer.
func patience(c *gin.Context) (have uint64, wait time.Duration, err error) {
	have, err = strconv.ParseUint(c.Query("have"), 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: have=%q, want the version at hand or 0", errMalformed, c.Query("have"))
	}
	seconds, err := strconv.ParseUint(c.DefaultQuery("wait", "0"), 10, 16)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: wait=%q, want seconds", errMalformed, c.Query("wait"))
	}
	wait = min(time.Duration(seconds)*time.Second, maxWait)
	// The answer may come late, and then it needs its time to travel.
	if err := http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(wait + writeWithin)); err != nil {
		return 0, 0, fmt.Errorf("extend write deadline: %w", err)
	}
	return have, wait, nil
}

func sendTimetable(c *gin.Context, p timetable.Publication) error {
	c.Header("Content-Type", "application/json")
	c.Header(contract.SignatureHeader, base64.StdEncoding.EncodeToString(p.Signature))
	if !strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		_, _ = c.Writer.Write(p.Document) // the gateway went away; it will ask again
		return nil
	}
	c.Header("Content-Encoding", "gzip")
	z, err := gzip.NewWriterLevel(c.Writer, gzip.BestSpeed)
	if err != nil {
		return fmt.Errorf("compress timetable: %w", err)
	}
	_, _ = z.Write(p.Document) // as above
	_ = z.Close()
	return nil
}

// decodeBody reads a JSON body, which may be compressed, of at most limit octets once it is not. The limit holds for the
// compressed octets too, so that neither a long body nor a short one that inflates fills our memory.
func decodeBody(c *gin.Context, limit int64, into any) error {
	if err := http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(writeWithin)); err != nil {
		return fmt.Errorf("set read deadline: %w", err)
	}
	body := http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	var err error
	switch encoding := c.GetHeader("Content-Encoding"); encoding {
	case "", "identity":
		err = contract.DecodeJSON(body, limit, into)
	case "gzip":
		z, zipErr := gzip.NewReader(body)
		if zipErr != nil {
			return fmt.Errorf("%w: not gzip: %w", errMalformed, zipErr)
		}
		err = contract.DecodeJSON(z, limit, into)
	default:
		return fmt.Errorf("%w: content encoding %q, want gzip or none", errMalformed, encoding)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	return nil
}
