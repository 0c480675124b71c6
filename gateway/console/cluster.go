package console

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	if s.o.Cluster == nil {
		refuse(w, http.StatusConflict, ErrNoCluster)
		return
	}
	answer(w, s.o.Cluster.Overview(r.Context()))
}

func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	var j Join
	if !decode(w, r, &j) {
		return
	}
	s.change(w, r, "gateway joins", j.Gateway, func(ctx context.Context, each func(string)) error {
		return s.o.Cluster.Join(ctx, replicate.Member{ID: j.Gateway, Address: j.Address}, j.Voter, each)
	})
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	var wish Remove
	if !decode(w, r, &wish) {
		return
	}
	s.change(w, r, "gateway is removed", wish.Gateway, func(ctx context.Context, each func(string)) error {
		if wish.Gateway == "" {
			return s.o.Cluster.Leave(ctx, wish.Force, each)
		}
		return s.o.Cluster.Remove(ctx, wish.Gateway, wish.Force, each)
	})
}

// change does something to the cluster and says each step; it ends when the caller hangs up.
func (s *Server) change(w http.ResponseWriter, r *http.Request, what, gateway string, do func(context.Context, func(string)) error) {
	if s.o.Cluster == nil {
		refuse(w, http.StatusConflict, ErrNoCluster)
		return
	}
	lines := streamTo(w)
	err := do(r.Context(), func(step string) {
		_ = lines.write(event{Step: step}) // a caller that left ends the request's context
	})
	s.o.Log.Info(what, slog.String("gateway", gateway), slog.Any("error", err))
	if err != nil {
		_ = lines.write(event{Error: worded(err).Error()}) // likewise
		return
	}
	_ = lines.write(event{Done: true}) // likewise
}
