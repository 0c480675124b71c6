package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/capture"
)

// allLights is the order in which lights are tried: as a day goes, then what should not happen.
var allLights = []drivers.Signal{
	drivers.Ready, drivers.Accepted, drivers.Refused, drivers.Several, drivers.Stored, drivers.NotKept, drivers.Fault, drivers.Off,
}

// Handler answers GET /readers, /taps and /cluster, and POST /lights, /install, /move, /join and /remove.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readers", s.readers)
	mux.HandleFunc("GET /taps", s.taps)
	mux.HandleFunc("POST /lights", s.lights)
	mux.HandleFunc("POST /install", s.install)
	mux.HandleFunc("POST /move", s.move)
	mux.HandleFunc("GET /cluster", s.overview)
	mux.HandleFunc("POST /join", s.join)
	mux.HandleFunc("POST /remove", s.remove)
	return mux
}

func (s *Server) readers(w http.ResponseWriter, _ *http.Request) { answer(w, s.o.Lines.Lines()) }

// taps lists the last ones, as many as last says, and with follow=true each new one for as long as the caller listens.
func (s *Server) taps(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	last, err := strconv.Atoi(cmp.Or(q.Get("last"), "0"))
	if err != nil || last < 0 {
		refuse(w, http.StatusBadRequest, fmt.Errorf("last=%q is not a number of taps", q.Get("last")))
		return
	}
	lines := streamTo(w)
	taps, seen, changed := s.o.Taps.after(0)
	for {
		for _, tap := range taps[max(0, len(taps)-last):] {
			if lines.write(event{Tap: &tap}) != nil {
				return // the caller has seen enough
			}
		}
		if q.Get("follow") != "true" {
			_ = lines.write(event{Done: true}) // likewise
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		taps, seen, changed = s.o.Taps.after(seen)
		last = len(taps)
	}
}

func (s *Server) lights(w http.ResponseWriter, r *http.Request) {
	var l Lights
	if !decode(w, r, &l) {
		return
	}
	signals := allLights
	if l.Light != "" {
		one, ok := drivers.ParseSignal(l.Light)
		if !ok {
			refuse(w, http.StatusBadRequest, fmt.Errorf("no light is called %q", l.Light))
			return
		}
		signals = []drivers.Signal{one}
	}
	var lines *stream
	err := s.o.Lines.Try(r.Context(), l.Reader, signals, func(shown drivers.Signal) {
		if lines == nil {
			lines = streamTo(w)
		}
		_ = lines.write(event{Light: shown.String()}) // a caller that left ends the request's context
	})
	s.o.Log.Info("lights tried", slog.String("reader", l.Reader), slog.Any("error", err))
	switch {
	case lines == nil:
		refuse(w, statusOf(err), worded(err))
	case err != nil:
		_ = lines.write(event{Error: worded(err).Error()}) // likewise
	default:
		_ = lines.write(event{Done: true}) // likewise
	}
}

func (s *Server) install(w http.ResponseWriter, r *http.Request) {
	var i Install
	if !decode(w, r, &i) {
		return
	}
	ctx, cancel, ok := within(w, r, i.Within)
	if !ok {
		return
	}
	defer cancel()
	err := s.o.Lines.MayInstall(i.Reader, i.Shared)
	if err == nil && !i.Only {
		err = s.o.Lines.InstallKey(ctx, i.Reader, i.Shared)
		s.o.Log.Info("key installed", slog.String("reader", i.Reader), slog.Any("error", err))
	}
	if err != nil {
		refuse(w, statusOf(err), worded(err))
		return
	}
	answer(w, i)
}

func (s *Server) move(w http.ResponseWriter, r *http.Request) {
	var m Move
	if !decode(w, r, &m) {
		return
	}
	ctx, cancel, ok := within(w, r, m.Within)
	if !ok {
		return
	}
	defer cancel()
	var err error
	m.Address, m.Baud, err = s.o.Lines.Move(ctx, m.Reader, m.Address, m.Baud)
	s.o.Log.Info("reader moved", slog.String("reader", m.Reader), slog.Int("address", int(m.Address)), slog.Int("baud", m.Baud), slog.Any("error", err))
	if err != nil {
		refuse(w, statusOf(err), worded(err))
		return
	}
	answer(w, m)
}

// within bounds how long a reader is waited for.
func within(w http.ResponseWriter, r *http.Request, d time.Duration) (ctx context.Context, cancel context.CancelFunc, ok bool) {
	if d <= 0 || d > Longest {
		refuse(w, http.StatusBadRequest, fmt.Errorf("a reader is waited for at most %v, not %v", Longest, d))
		return nil, nil, false
	}
	ctx, cancel = context.WithTimeout(r.Context(), d)
	return ctx, cancel, true
}

// worded puts into words what has none, and adds what a command of this program can do about a refusal.
func worded(err error) error {
	switch {
	case errors.Is(err, capture.ErrShared):
		return fmt.Errorf("%w: disconnect them for the moment, or add --shared-line where you trust these wires", err)
	case err == context.DeadlineExceeded: //nolint:errorlint // one that a driver wrapped has its sentence
		return errors.New("the reader was not done in time; look at its power and wires, and ask again")
	case err == context.Canceled: //nolint:errorlint // likewise
		return ErrStopped
	}
	return err
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, drivers.ErrNoReader):
		return http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusConflict
}

// decode reads a wish; what it does not know is a mistake of the caller.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyOctets))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one document")
		}
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("not a wish of this console: %w", err))
	}
	return err == nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a caller that hung up wants none
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(refusal{err.Error()}) // likewise
}

// stream is an answer that grows line by line.
type stream struct {
	w       io.Writer
	control *http.ResponseController
}

func streamTo(w http.ResponseWriter) *stream {
	w.Header().Set("Content-Type", "application/x-ndjson")
	return &stream{w, http.NewResponseController(w)}
}

// write sends one line at once; the caller has a moment to take it.
func (s *stream) write(e event) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(lineWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("bound write: %w", err)
	}
	if err := json.NewEncoder(s.w).Encode(e); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("flush line: %w", err)
	}
	return nil
}
