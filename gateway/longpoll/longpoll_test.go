package longpoll

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// A central that answers at once is not asked in a loop, one that is away ever more seldom but never given up, and one that
// never answers is left and asked again.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		name        string
		ask         Question
		least, most int // times in an hour
	}{
		{"answers at once", func(context.Context, time.Duration) error { return nil }, 3599, 3601},
		{"has nothing newer", func(_ context.Context, within time.Duration) error { time.Sleep(within); return nil }, 119, 121},
		{"is away", func(context.Context, time.Duration) error { return errors.New("no route") }, 60, 250},
		{"lost the answer", func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }, 29, 61},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), time.Hour)
				defer stop()
				asked := 0
				err := Follow(ctx, slog.New(slog.DiscardHandler), "menu", func(ctx context.Context, within time.Duration) error {
					asked++
					return tt.ask(ctx, within)
				})
				if err != nil || asked < tt.least || asked > tt.most {
					t.Errorf("Follow = %v after %d questions, want nil and %d to %d", err, asked, tt.least, tt.most)
				}
			})
		})
	}
}
